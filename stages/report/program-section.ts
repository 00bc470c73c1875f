import { readFileSync } from 'node:fs';
import { fail } from '../../src/core/failure.ts';
import { parseFiguresFile, type FiguresFile } from '../../src/stage-api/figures-file.ts';
import type { Lineage } from '../../src/stage-api/lineage.ts';
import { chartFigure } from '../../src/kit/draw/chart.ts';
import { joinHtml, type Html, markup } from '../../src/kit/draw/html.ts';
import { thin } from '../../src/kit/draw/points.ts';
import { niceDomain } from '../../src/kit/draw/scale.ts';
import { drawTable } from '../../src/kit/draw/table.ts';
import { failures } from './failures.ts';
import { producerOf } from './read-inputs.ts';

/** What a program has measured, with the name to show: that of the task it came from. */
export interface Measured {
  readonly name: string;
  readonly content: FiguresFile;
}

export function readMeasured(files: readonly string[], lineage: Lineage): readonly Measured[] {
  return files.map((file, index) => {
    const text = readFileSync(file, 'utf8');
    try {
      return { name: producerOf(text, lineage)?.id ?? `program ${index + 1}`, content: parseFiguresFile(text) };
    } catch (error) {
      const problem = error instanceof Error ? error.message : String(error);
      return fail(failures.figuresInvalid({ problem }, { file }), error);
    }
  });
}

/** More points than this cannot be told apart at the width of a column. */
const drawnPoints = 400;
/** So few points are marked one by one. */
const dottedPoints = 24;

/** The figures of programs beside each other, and each of their curves; undefined if there are none. */
export function programSection(measured: readonly Measured[]): Html | undefined {
  if (measured.length === 0) return undefined;
  const curves = new Set(measured.flatMap(({ content }) => content.curves.map(({ name }) => name)));
  return markup`<section id="programs">
    <h2>Measured by programs</h2>
    ${figuresTable(measured)}
    <div class="columns">${joinHtml(
      [...curves].map((name) => curveFigure(name, measured)),
      '\n',
    )}</div>
  </section>`;
}

function figuresTable(measured: readonly Measured[]): Html | undefined {
  const names = [...new Set(measured.flatMap(({ content }) => content.figures.map(({ name }) => name)))];
  if (names.length === 0) return undefined;
  return drawTable(
    names,
    [
      { title: 'figure', cell: (name) => name },
      ...measured.map(({ name: program, content }) => ({
        title: program,
        numeric: true,
        cell: (name: string) => valueText(content.figures.find((figure) => figure.name === name)?.value),
      })),
    ],
    markup`<b>Figures.</b> As the programs wrote them.`,
  );
}

function valueText(value: number | undefined): string {
  if (value === undefined) return '–';
  return Number.isInteger(value) ? String(value) : String(Number(value.toPrecision(4)));
}

function curveFigure(curve: string, measured: readonly Measured[]): Html {
  const own = measured.flatMap(({ name, content }, index) =>
    content.curves.filter((each) => each.name === curve).map(({ points }) => ({ name, points, index })),
  );
  const values = own.flatMap(({ points }) => points.map(([, value]) => value));
  const steps = own.flatMap(({ points }) => points.map(([step]) => step));
  return chartFigure(
    curve,
    {
      summary: `${curve} over the steps`,
      x: { label: 'step', domain: [0, Math.max(1, ...steps)] },
      y: { label: curve, domain: niceDomain(values) },
      series: own.map(({ name, points, index }) => ({
        name,
        kind: points.length <= dottedPoints ? 'dots' : 'line',
        colour: index,
        points: thin(points, drawnPoints),
      })),
    },
    'As logged by the program.',
  );
}
