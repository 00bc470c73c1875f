import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { littleEndianBytes } from '../../codec/little-endian-floats.ts';
import { featureMatrix } from '../../codec/megaface/feature-matrix.ts';
import { decodeFile, openForReading } from '../../codec/read-file.ts';
import { failures } from './failures.ts';
import { FeatureNames } from './feature-names.ts';
import { featureFile, featureFiles, readFeatureIndex, type FeatureIndex } from './feature-index.ts';

/** Rows, columns, stride and type, four int32, before the rows of a matrix. */
const headerBytes = 16;

/**
 * Features of images on disk: rows by number or by name, of a matrix or of a file for each image. Holds no row and no
 * name in memory. Fails with `not-features` and `damaged-features` where the files do not fit each other.
 */
export class FeatureStore {
  readonly folder: string;
  readonly index: FeatureIndex;
  /** Floats of a row. */
  readonly columns: number;
  /** Of the rows, in their order. */
  readonly names: FeatureNames;
  readonly #descriptor: number | undefined;

  constructor(folder: string) {
    this.folder = folder;
    this.index = readFeatureIndex(folder);
    this.columns = this.index.columns;
    this.names = new FeatureNames(join(folder, featureFiles.names), this.index.rows);
    this.#descriptor = this.index.layout === 'matrix' ? openMatrix(folder, this.index) : undefined;
  }

  get rows(): number {
    return this.index.rows;
  }

  /** The matrix as one file, and where its first row starts in it; undefined in the layout `files`. */
  get matrix(): { readonly file: string; readonly offset: number } | undefined {
    if (this.#descriptor === undefined) return undefined;
    return { file: join(this.folder, featureFiles.matrix), offset: headerBytes };
  }

  /** Of those of `names` that have a row, which; names.txt is read once. Fails with `repeated-feature` if two rows have one name. */
  find(names: Iterable<string>): ReadonlyMap<string, number> {
    return this.names.find(names);
  }

  /** The rows of images, in the order of their names. Fails with `missing-features`, which tells of all that have none. */
  rowsOf(names: readonly string[]): Uint32Array {
    const found = this.find(names);
    const missing = names.filter((name) => !found.has(name));
    if (missing.length > 0) {
      fail(failures.missingFeatures({ names: missing, wanted: names.length }, { file: this.folder }));
    }
    return Uint32Array.from(names, (name) => found.get(name) ?? 0);
  }

  /**
   * Reads `count` rows from row `start` on into `target`, [count, columns]. Fails with `feature-not-finite`, `zero-feature`, and
   * `feature-length` where a file of its own has another length.
   */
  read(start: number, count: number, target: Float32Array = new Float32Array(count * this.columns)): Float32Array {
    const rows = target.subarray(0, count * this.columns);
    if (this.#descriptor === undefined) this.#readFiles(start, rows);
    else this.#readMatrix(this.#descriptor, start, rows);
    checkRows(rows, this.columns, (row, kind) => {
      fail(failures[kind]({ name: this.names.at(start + row) ?? '' }, { file: this.#fileOf(start + row) }));
    });
    return rows;
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  #readMatrix(descriptor: number, start: number, rows: Float32Array): void {
    const bytes = littleEndianBytes(rows);
    const from = headerBytes + 4 * start * this.columns;
    for (let filled = 0; filled < bytes.length;) {
      const got = readSync(descriptor, bytes, filled, bytes.length - filled, from + filled);
      if (got === 0) throw new Error(`${this.folder} became shorter while it was read`);
      filled += got;
    }
  }

  #readFiles(start: number, rows: Float32Array): void {
    for (let row = 0; row < rows.length / this.columns; row += 1) {
      const name = this.names.at(start + row) ?? '';
      const file = this.#fileOf(start + row);
      const { values } = decodeFile(featureMatrix, file);
      if (values.length !== this.columns) {
        fail(failures.featureLength({ name, expected: this.columns, found: values.length }, { file }));
      }
      rows.set(values, row * this.columns);
    }
  }

  #fileOf(row: number): string {
    const { layout, suffix = '' } = this.index;
    if (layout === 'matrix') return join(this.folder, featureFiles.matrix);
    return featureFile(this.folder, this.names.at(row) ?? '', suffix);
  }
}

/**
 * Stores that are to be compared must be of the same network and preprocessing: returns their contract. Fails with
 * `features-without-contract`, `other-contract`.
 */
export function commonContract(stores: readonly FeatureStore[]): string {
  const [first, ...others] = stores;
  const contractOf = ({ folder, index: { contract } }: FeatureStore): string =>
    contract ?? fail(failures.featuresWithoutContract({}, { file: join(folder, featureFiles.index) }));
  if (first === undefined) throw new Error('there are no features to compare');
  const own = contractOf(first);
  for (const store of others) {
    const found = contractOf(store);
    if (found === own) continue;
    fail(failures.otherContract({ other: first.folder, own, found }, { file: join(store.folder, featureFiles.index) }));
  }
  return own;
}

/** Finds the first row, in the order of the rows, that is zero or not finite. */
export function checkRows(
  values: Float32Array,
  columns: number,
  refuse: (row: number, kind: 'featureNotFinite' | 'zeroFeature') => void,
): void {
  for (let row = 0, at = 0; at < values.length; row += 1) {
    let squares = 0;
    for (const end = at + columns; at < end; at += 1) {
      const value = values[at] ?? 0;
      squares += value * value;
    }
    // A float32 squared is finite in double precision, and so is a sum of them.
    if (!Number.isFinite(squares)) refuse(row, 'featureNotFinite');
    else if (squares === 0) refuse(row, 'zeroFeature');
  }
}

/** Opens the matrix if it is one of so many rows and columns. */
function openMatrix(folder: string, { rows, columns }: FeatureIndex): number {
  const file = join(folder, featureFiles.matrix);
  const { descriptor, size } = openForReading(file, featureMatrix.title);
  const header = Buffer.alloc(headerBytes);
  readSync(descriptor, header, 0, headerBytes, 0);
  const [foundRows, foundColumns, stride, type] = [0, 4, 8, 12].map((offset) => header.readInt32LE(offset));
  const sound = foundRows === rows && foundColumns === columns && stride === 4 * columns && type === 5;
  const expectedSize = headerBytes + 4 * rows * columns;
  if (sound && size === expectedSize) return descriptor;
  closeSync(descriptor);
  const expected = `${rows} rows of ${columns} numbers (float32), as features.json says: ${expectedSize} bytes`;
  const found = `${foundRows ?? 0} rows of ${foundColumns ?? 0} in ${size} bytes`;
  return fail(failures.damagedFeatures({ expected, found }, { file }));
}
