import { closeSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnFolder, writeFileAtomic } from '../../../core/atomic-file.ts';
import { littleEndianBytes } from '../../codec/little-endian-floats.ts';
import { featureMatrix, featureOf } from '../../codec/megaface/feature-matrix.ts';
import { featureFile, featureFiles, type FeatureIndex } from './feature-index.ts';

export interface FeatureWriterOptions {
  readonly folder: string;
  readonly columns: number;
  readonly layout: FeatureIndex['layout'];
  /** Of the file names in the layout `files`. */
  readonly suffix: string;
}

/** As many bytes of rows and names are written at a time. */
const chunkBytes = 1 << 20;

/** Writes a folder of features row by row, so that any number fits into memory. `features.json` comes last: without it there are none. */
export class FeatureWriter {
  readonly #options: FeatureWriterOptions;
  readonly #matrix: number | undefined;
  readonly #names: number;
  #rows = 0;
  #waiting: { rows: Uint8Array[]; names: string[]; bytes: number } = { rows: [], names: [], bytes: 0 };

  constructor(options: FeatureWriterOptions) {
    this.#options = options;
    makeOwnFolder(options.folder);
    this.#names = openSync(join(options.folder, featureFiles.names), 'w');
    if (options.layout === 'files') return;
    this.#matrix = openSync(join(options.folder, featureFiles.matrix), 'w');
    this.#writeHeader(this.#matrix);
  }

  /** Adds the row of an image: `columns` floats, which are kept until they are written. */
  add(name: string, values: Float32Array): void {
    const { columns, folder, layout, suffix } = this.#options;
    if (values.length !== columns) throw new Error(`${values.length} numbers are no row of ${columns}`);
    if (layout === 'files') {
      const file = featureFile(folder, name, suffix);
      makeOwnFolder(dirname(file));
      writeFileSync(file, featureMatrix.encode(featureOf(values)));
    } else {
      this.#waiting.rows.push(littleEndianBytes(values));
    }
    this.#waiting.names.push(`${name}\n`);
    this.#waiting.bytes += 4 * columns;
    this.#rows += 1;
    if (this.#waiting.bytes >= chunkBytes) this.#flush();
  }

  /** Writes what is left, and features.json. */
  finish(facts: Omit<FeatureIndex, 'format' | 'version' | 'layout' | 'rows' | 'columns' | 'suffix'>): void {
    const { folder, columns, layout, suffix } = this.#options;
    this.#flush();
    if (this.#matrix !== undefined) this.#writeHeader(this.#matrix);
    this.close();
    const { models, engine, ...others } = facts;
    const index: FeatureIndex = {
      ...{ format: 'faceflow-features', version: 1, layout, rows: this.#rows, columns, models, engine },
      ...(layout === 'files' ? { suffix } : {}),
      ...others,
    };
    writeFileAtomic(join(folder, featureFiles.index), `${JSON.stringify(index, undefined, 2)}\n`);
  }

  close(): void {
    closeSync(this.#names);
    if (this.#matrix !== undefined) closeSync(this.#matrix);
  }

  /** Of the rows so far. */
  #writeHeader(matrix: number): void {
    const empty = {
      rows: this.#rows,
      columns: this.#options.columns,
      type: 'float32',
      values: new Float32Array(0),
    } as const;
    const header = featureMatrix.encode(empty);
    writeSync(matrix, header, 0, header.length, 0);
  }

  #flush(): void {
    const { rows, names, bytes } = this.#waiting;
    if (this.#matrix !== undefined && rows.length > 0) {
      const chunk = Buffer.concat(rows);
      const end = 16 + 4 * this.#rows * this.#options.columns;
      writeSync(this.#matrix, chunk, 0, chunk.length, end - bytes);
    }
    writeSync(this.#names, names.join(''));
    this.#waiting = { rows: [], names: [], bytes: 0 };
  }
}
