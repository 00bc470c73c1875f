import { isOnnxruntimeOnCpu } from '../../net/engines/choose-engine.ts';
import { Random } from '../../../core/random.ts';
import { elementTypes, GraphWriter } from '../../net/exchange/onnx/graph-writer.ts';
import { loadOnnxruntime, type Onnxruntime } from '../../net/sessions/onnxruntime/load-onnxruntime.ts';
import { createRuntimeSession } from '../../net/sessions/onnxruntime/onnx-session.ts';
import { encodeProduct } from './product-model.ts';
import type { ProductOptions } from './products.ts';
import { mostOfRow } from './quantized.ts';

/** Vectors of whole numbers, a row each: -127 to 127. */
export interface CodeRows {
  readonly codes: Int8Array;
  readonly count: number;
}

/** The same, each number 128 more than it means and so without a sign: only for these there are fast products. */
export interface ShiftedRows {
  readonly codes: Uint8Array;
  readonly count: number;
}

/** Products of whole numbers: exact, in a third of the time of those of float32. */
export interface CodeProducts {
  /** Rows that many others are multiplied with; they are copied. */
  prepare(right: CodeRows): Promise<PreparedCodes>;
}

export interface PreparedCodes {
  /** Writes left x right^T to the beginning of `target`, a row for each of `left`. */
  multiply(left: ShiftedRows, target: Int32Array): Promise<void>;
  dispose(): Promise<void>;
}

/** Sums of products fit into 32 bits, and into 24 with numbers of the usual lengths. */
const mostColumns = 65_536;

/**
 * Undefined if the engine of a task has no products of whole numbers, or if they are not exact on this processor: without the instructions for
 * it onnxruntime adds products of bytes in 16 bits, which are not enough for two of the largest.
 */
export async function openCodeProducts({
  engine,
  threads,
  columns,
}: ProductOptions): Promise<CodeProducts | undefined> {
  if (!isOnnxruntimeOnCpu(engine) || columns > mostColumns) return undefined;
  const products = onOnnxruntime(loadOnnxruntime(engine, { threads }), columns);
  return (await areExact(products, columns)) ? products : undefined;
}

export const codeShift = 128;

function onOnnxruntime(runtime: Onnxruntime, columns: number): CodeProducts {
  const { library } = runtime;
  return {
    async prepare(right) {
      // Constants are laid out for the inner loops when a session is made.
      const session = await createRuntimeSession(runtime, codeModel(right, columns), 'product of whole numbers');
      return {
        async multiply({ codes, count }, target) {
          const left = new library.Tensor('uint8', codes.subarray(0, count * columns), [count, columns]);
          // The library writes into this memory.
          const scores = new library.Tensor('int32', target.subarray(0, count * right.count), [count, right.count]);
          await session.run({ left }, { scores });
        },
        dispose: () => session.release(),
      };
    },
  };
}

function codeModel({ codes, count }: CodeRows, columns: number): Uint8Array {
  const writer = new GraphWriter();
  const turned = new Int8Array(codes.length);
  for (let row = 0; row < count; row += 1) {
    for (let column = 0; column < columns; column += 1)
      turned[column * count + row] = codes[row * columns + column] ?? 0;
  }
  const right = writer.codes('right', [columns, count], turned);
  const shift = writer.codes('shift', [], Uint8Array.of(codeShift));
  writer.node('MatMulInteger', { output: 'scores', inputs: ['left', right, shift] });
  return encodeProduct(writer, { left: [elementTypes.uint8, columns], scores: [elementTypes.int32, count] });
}

/** So many vectors of either side; a single left one may be multiplied in another way. */
const [provedLeft, provedRight] = [33, 50];

/** Whether products are what whole numbers say: of the largest that there are, of the least, and of drawn ones. */
export async function areExact(products: CodeProducts, columns: number): Promise<boolean> {
  const random = Random.derive(0, 'exactness of products');
  const drawn = (row: number): number => {
    if (row % 4 === 0) return mostOfRow;
    if (row % 4 === 1) return -mostOfRow;
    return row % 4 === 2 ? mostOfRow * (1 - 2 * random.integer(2)) : random.integer(2 * mostOfRow + 1) - mostOfRow;
  };
  const codesOf = (rows: number) =>
    Int8Array.from({ length: rows * columns }, (_, at) => drawn(Math.floor(at / columns)));
  const [left, right] = [codesOf(provedLeft), codesOf(provedRight)];
  const shifted = Uint8Array.from(left, (code) => code + codeShift);
  const prepared = await products.prepare({ codes: right, count: provedRight });
  try {
    for (const count of [provedLeft, 1]) {
      const target = new Int32Array(count * provedRight);
      await prepared.multiply({ codes: shifted, count }, target);
      if (target.some((product, at) => product !== productOf(left, right, { columns, at }))) return false;
    }
    return true;
  } finally {
    await prepared.dispose();
  }
}

function productOf(
  left: Int8Array,
  right: Int8Array,
  { columns, at }: { readonly columns: number; readonly at: number },
): number {
  const [one, other] = [Math.floor(at / provedRight) * columns, (at % provedRight) * columns];
  let sum = 0;
  for (let column = 0; column < columns; column += 1) sum += (left[one + column] ?? 0) * (right[other + column] ?? 0);
  return sum;
}
