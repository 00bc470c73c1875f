import { type Html, type Insertable, markup } from './html.ts';

export interface Column<Row> {
  readonly title: string;
  /** Numbers stand to the right, so that their digits stand below each other. */
  readonly numeric?: boolean;
  readonly cell: (row: Row, index: number) => Insertable;
}

/** What the part of the page is called that scrolls by itself, for those who reach it by keyboard. */
function regionName<Row>(columns: readonly Column<Row>[]): string {
  const titles = columns.map(({ title }) => title).filter((title) => title !== '');
  return `table: ${titles.join(', ')}`;
}

/** A table with a caption below it; wide ones scroll by themselves, so that the page never does. */
export function drawTable<Row>(rows: readonly Row[], columns: readonly Column<Row>[], caption: Insertable): Html {
  const kind = (column: Column<Row>): Html => (column.numeric === true ? markup` class="n"` : markup``);
  const heads = columns.map((column) => markup`<th${kind(column)}>${column.title}</th>`);
  const lines = rows.map((row, index) => {
    const cells = columns.map((column) => markup`<td${kind(column)}>${column.cell(row, index)}</td>`);
    return markup`<tr>
      ${cells}
    </tr> `;
  });
  return markup`<figure class="table">
    <div class="scroll" tabindex="0" role="group" aria-label="${regionName(columns)}">
      <table>
        <thead>
          <tr>
            ${heads}
          </tr>
        </thead>
        <tbody>
          ${lines}
        </tbody>
      </table>
    </div>
    <figcaption>${caption}</figcaption>
  </figure>`;
}
