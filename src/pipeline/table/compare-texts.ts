import type { FilledCell, FilledColumn, FilledRow, FilledTable } from './filled-table.ts';

/**
 * What a table says besides its values that is not what it stated: titles, labels, footnotes, published values, where they are
 * from. Each as `published value of ArcFace, LFW: 99.8 -> 99.83`. Rows and columns that have come or gone are told as cells.
 */
export function changedTexts(old: FilledTable, now: FilledTable): readonly string[] {
  const rows = pairsOf(old.rows, now.rows);
  const columns = pairsOf(old.columns, now.columns);
  return [
    ...textsOf('', [
      ['title', old.title, now.title],
      ['caption', old.caption, now.caption],
      ['source', sourceText(old), sourceText(now)],
      ['order of rows', orderOf(pairsOf(now.rows, old.rows)), orderOf(rows)],
      ['order of columns', orderOf(pairsOf(now.columns, old.columns)), orderOf(columns)],
    ]),
    ...columns.flatMap(([before, after]) =>
      textsOf(` of column ${after.id}`, columnTexts([before, old], [after, now])),
    ),
    ...rows.flatMap(([before, after]) => [
      ...textsOf(` of row ${after.id}`, [
        ['label', before.label, after.label],
        ['group', before.group, after.group],
        ['footnotes', notesOf(before.notes, old), notesOf(after.notes, now)],
      ]),
      ...columns.flatMap(([{ id, title }]) =>
        textsOf(` of ${after.label}, ${title}`, [['published value', publishedOf(before, id), publishedOf(after, id)]]),
      ),
    ]),
    // How values are to be read follows from which there are: where some have come or gone, that is told of them.
    ...(absencesIn(old) === absencesIn(now) ? remarkTexts(old, now) : []),
  ];
}

type Compared = readonly [what: string, before: string, after: string];

function textsOf(where: string, compared: readonly Compared[]): readonly string[] {
  return compared.flatMap(([what, before, after]) =>
    before === after ? [] : [`${what}${where}: ${before || 'none'} -> ${after || 'none'}`],
  );
}

function columnTexts(
  [before, old]: readonly [FilledColumn, FilledTable],
  [after, now]: readonly [FilledColumn, FilledTable],
): readonly Compared[] {
  return [
    ['title', before.title, after.title],
    ['group', before.group, after.group],
    ['unit', before.unit, after.unit],
    ['digits', String(before.digits), String(after.digits)],
    ['direction', before.direction, after.direction],
    ['tolerance', String(before.tolerance), String(after.tolerance)],
    ['footnotes', notesOf(before.notes, old), notesOf(after.notes, now)],
  ];
}

interface Named {
  readonly id: string;
}

/** What is in both, by id, in the order of the second. */
function pairsOf<T extends Named>(before: readonly T[], after: readonly T[]): readonly (readonly [T, T])[] {
  const byId = new Map(before.map((each) => [each.id, each]));
  return after.flatMap((each) => {
    const other = byId.get(each.id);
    return other === undefined ? [] : [[other, each] as const];
  });
}

function orderOf(pairs: readonly (readonly [Named, Named])[]): string {
  return pairs.map(([, { id }]) => id).join(', ');
}

function notesOf(places: readonly number[], { notes }: FilledTable): string {
  return places.map((place) => notes[place] ?? '').join(' ');
}

function publishedOf({ cells }: FilledRow, column: string): string {
  const published: FilledCell['published'] = cells.find((cell) => cell.column === column)?.published ?? null;
  return published === null ? '' : `${String(published.value)}${published.atLeast ? '+' : ''}`;
}

function remarkTexts(old: FilledTable, now: FilledTable): readonly string[] {
  const gone = old.remarks.filter((each) => !now.remarks.includes(each));
  const come = now.remarks.filter((each) => !old.remarks.includes(each));
  return textsOf('', [['remarks', gone.join(' '), come.join(' ')]]);
}

function absencesIn({ rows }: FilledTable): string {
  return JSON.stringify(rows.map(({ cells }) => cells.map(({ value }) => value === null)));
}

function sourceText({ source }: FilledTable): string {
  return source === null ? '' : [source.citation, source.url].filter(Boolean).join(' ');
}
