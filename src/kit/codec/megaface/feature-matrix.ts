import type { Codec } from '../codec.ts';
import type { Cursor } from '../cursor.ts';

/*
 * Feature matrix of MegaFace's development kit (an OpenCV matrix as the kit dumps it; insightface,
 * src/megaface/gen_megaface.py), little-endian:
 *
 *   offset  bytes   field
 *   0       4       rows
 *   4       4       columns
 *   8       4       row stride in bytes
 *   12      4       element type: 5 float32, 6 float64 (OpenCV depth codes, one channel)
 *   16              rows, each of `stride` bytes
 *
 * A face's feature is one column: n rows, 1 column, stride 4, type 5.
 */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: number;
  readonly type: 'float32' | 'float64';
  /** Row by row. */
  readonly values: Float32Array | Float64Array;
}

const headerBytes = 16;
const types = { float32: { code: 5, bytes: 4 }, float64: { code: 6, bytes: 8 } } as const;

export const featureMatrix: Codec<FeatureMatrix> = {
  name: 'feature-matrix',
  title: 'feature matrix (.bin)',
  summary: "One face's embedding as MegaFace's development kit reads it.",
  endings: ['.bin'],
  sniff(head) {
    if (head.length < headerBytes) return false;
    const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
    const [rows, columns, stride, type] = [0, 4, 8, 12].map((offset) => view.getInt32(offset, true)) as [
      number,
      number,
      number,
      number,
    ];
    const bytes = type === 5 ? 4 : type === 6 ? 8 : 0;
    return rows > 0 && columns > 0 && bytes > 0 && stride >= columns * bytes && stride % bytes === 0;
  },
  decode(cursor) {
    const rows = cursor.i32('the rows');
    const columns = cursor.i32('the columns');
    const stride = cursor.i32('the row stride');
    const code = cursor.i32('the element type');
    const type = code === types.float32.code ? 'float32' : code === types.float64.code ? 'float64' : undefined;
    if (type === undefined)
      return cursor.damaged(`element type ${code} is not read, expected 5 (float32) or 6 (float64)`, 12);
    const { bytes } = types[type];
    if (rows < 0 || columns < 0 || stride < columns * bytes || stride % bytes !== 0) {
      cursor.damaged(`${rows} rows of ${columns} columns do not fit a stride of ${stride} bytes`, 0);
    }
    cursor.expectItems(rows, stride, 'the rows');
    if (cursor.remaining !== rows * stride) {
      cursor.damaged(`${cursor.remaining - rows * stride} bytes follow the matrix`, headerBytes + rows * stride);
    }
    return { rows, columns, type, values: readRows(cursor, { rows, columns, stride, type }) };
  },
  describe(cursor) {
    const matrix = featureMatrix.decode(cursor);
    const { rows, columns, type } = matrix;
    return {
      facts: [
        { name: 'rows x columns', value: `${String(rows)} x ${String(columns)}` },
        { name: 'element type', value: type },
        { name: 'length (L2 norm)', value: columns === 1 ? lengthOf(matrix.values) : lengthsOfRows(matrix) },
      ],
      notes: columns === 1 && rows === 513 ? ['513 rows: a feature with the extra row that marks noise.'] : [],
    };
  },
  encode({ rows, columns, type, values }) {
    const { code, bytes } = types[type];
    const target = Buffer.alloc(headerBytes + values.length * bytes);
    for (const [index, field] of [rows, columns, columns * bytes, code].entries())
      target.writeInt32LE(field, 4 * index);
    for (const [index, value] of values.entries()) {
      if (type === 'float32') target.writeFloatLE(value, headerBytes + 4 * index);
      else target.writeDoubleLE(value, headerBytes + 8 * index);
    }
    return target;
  },
};

/** A feature of one face: a column of float32. */
export function featureOf(values: Float32Array): FeatureMatrix {
  return { rows: values.length, columns: 1, type: 'float32', values };
}

interface Layout {
  readonly rows: number;
  readonly columns: number;
  readonly stride: number;
  readonly type: 'float32' | 'float64';
}

function readRows(cursor: Cursor, { rows, columns, stride, type }: Layout): Float32Array | Float64Array {
  const { bytes } = types[type];
  // A column costs no more than its stride, so this is at most what the file holds.
  const values = type === 'float32' ? new Float32Array(rows * columns) : new Float64Array(rows * columns);
  for (let row = 0; row < rows; row += 1) {
    const line = cursor.take(stride, 'a row');
    const view = new DataView(line.buffer, line.byteOffset, line.byteLength);
    for (let column = 0; column < columns; column += 1) {
      const at = column * bytes;
      values[row * columns + column] = type === 'float32' ? view.getFloat32(at, true) : view.getFloat64(at, true);
    }
  }
  return values;
}

function lengthOf(values: FeatureMatrix['values']): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return Number(Math.sqrt(sum).toFixed(6));
}

/** A row is the feature of an image. */
function lengthsOfRows({ values, rows, columns }: FeatureMatrix): string {
  let [shortest, longest] = [Infinity, 0];
  for (let row = 0; row < rows; row += 1) {
    const length = lengthOf(values.subarray(row * columns, (row + 1) * columns));
    shortest = Math.min(shortest, length);
    longest = Math.max(longest, length);
  }
  return `of a row: ${String(shortest)} to ${String(longest)}`;
}
