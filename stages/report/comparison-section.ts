import type { Json } from '../../src/core/digest.ts';
import type { Lineage } from '../../src/stage-api/lineage.ts';
import { chartFigure } from '../../src/kit/draw/chart.ts';
import { type Html, markup } from '../../src/kit/draw/html.ts';
import { fixed } from '../../src/kit/draw/number-text.ts';
import type { Point } from '../../src/kit/draw/points.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { settingsTables, type SettingsTable } from '../../src/kit/draw/settings-table.ts';
import { drawTable } from '../../src/kit/draw/table.ts';

/** The tasks of each matrix beside each other, and a figure against a parameter; undefined if nothing is compared. */
export function comparisonSection({ tasks }: Lineage): Html | undefined {
  const compared = tasks.filter(({ id }) => id.includes('['));
  const tables = settingsTables(
    compared.map(({ id, stage, params, seed, figures }) => ({ id, stage, figures, settings: { ...params, seed } })),
  ).filter(({ rows, columns }) => rows.length > 1 && columns.some(({ kind }) => kind === 'figure'));
  if (tables.length === 0) return undefined;
  return markup`<section id="comparison">
    <h2>Comparison</h2>
    ${tables.map((table) => markup`${comparedRows(table)}${figureAgainstParameter(table)}`)}
  </section>`;
}

function comparedRows({ columns, rows }: SettingsTable): Html {
  return drawTable(
    rows,
    columns.map(({ name, kind }, index) => ({
      title: name,
      numeric: rows.every((row) => typeof row[index] !== 'string'),
      cell: (row) => valueText(row[index] ?? null, kind === 'figure'),
    })),
    markup`<b>Choices beside each other.</b> One line for each choice of the matrix, with the parameters and the figures in
      which they differ.`,
  );
}

function valueText(value: Json, isFigure: boolean): string {
  if (value === null) return '–';
  if (typeof value === 'number') return isFigure && !Number.isInteger(value) ? fixed(value, 4) : String(value);
  return typeof value === 'string' ? value : JSON.stringify(value);
}

/** The first accuracy, or else the first figure, against the first choice or parameter that is a number. */
function figureAgainstParameter({ columns, rows }: SettingsTable): Html | undefined {
  const isNumeric = (index: number): boolean => rows.every((row) => typeof row[index] === 'number');
  const indices = [...columns.keys()];
  const isSeed = (index: number): boolean => /(^|[ .])seed$/i.test(columns[index]?.name ?? '');
  const parameter = indices.find((index) => columns[index]?.kind !== 'figure' && isNumeric(index) && !isSeed(index));
  const figures = indices.filter((index) => columns[index]?.kind === 'figure' && isNumeric(index));
  const figure = figures.find((index) => columns[index]?.name.endsWith('accuracy') === true) ?? figures[0];
  if (parameter === undefined || figure === undefined) return undefined;
  const points = rows.map((row): Point => [Number(row[parameter]), Number(row[figure])]);
  const [x, y] = [columns[parameter]?.name ?? '', columns[figure]?.name ?? ''];
  const chart = chartFigure(
    `${y} against ${x}`,
    {
      summary: `${y} against ${x}: a dot for each of ${rows.length} choices, and a line through their means`,
      x: { label: x, domain: niceDomain(points.map(([value]) => value)) },
      y: { label: y, domain: niceDomain(points.map(([, value]) => value)) },
      series: [
        { name: 'mean', kind: 'line', colour: 0, points: meansOf(points) },
        { name: 'each choice', kind: 'dots', colour: 1, points },
      ],
    },
    'A dot for each choice; the line joins the means of those with the same value.',
  );
  return markup`<div class="columns">${chart}</div>`;
}

function meansOf(points: readonly Point[]): readonly Point[] {
  const values = [...new Set(points.map(([x]) => x))].sort((a, b) => a - b);
  return values.map((value): Point => {
    const own = points.filter(([x]) => x === value).map(([, y]) => y);
    return [value, own.reduce((sum, y) => sum + y, 0) / own.length];
  });
}
