import type { CellValues } from './cell-value.ts';
import { plainLine } from './definition.ts';
import type { TableColumn, TableRow } from './expand-rows.ts';
import type { FilledCell } from './filled-table.ts';

/** A cell as far as it is known by itself, with the values that it is made of. */
export interface DraftCell {
  readonly row: TableRow;
  readonly column: TableColumn;
  readonly values: CellValues;
  readonly cell: FilledCell;
}

/** Footnotes, each once. */
export class Notes {
  readonly texts: string[] = [];

  add(written: string): number {
    const text = plainLine(written);
    const known = this.texts.indexOf(text);
    return known >= 0 ? known : this.texts.push(text) - 1;
  }

  addAll(texts: readonly string[]): readonly number[] {
    return texts.map((text) => this.add(text));
  }
}
