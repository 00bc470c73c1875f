import type { Tensor2D } from '@tensorflow/tfjs-core';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import type { Backend } from '../../net/backends/backend.ts';
import { loadBackend } from '../../net/backends/load-backend.ts';
import { elementTypes, GraphWriter } from '../../net/exchange/onnx/graph-writer.ts';
import { loadOnnxruntime } from '../../net/sessions/onnxruntime/load-onnxruntime.ts';
import { createRuntimeSession } from '../../net/sessions/onnxruntime/onnx-session.ts';
import { failures } from '../failures.ts';
import { exactScore, scoreError } from './exact-score.ts';
import { encodeProduct } from './product-model.ts';

/** Vectors, a row each. */
export interface Rows {
  readonly values: Float32Array;
  readonly count: number;
}

/** Matrix products on an engine. */
export interface Products {
  /** For people: the library, its version, where it computes. */
  readonly computesWith: string;
  /** Rows that many others are multiplied with, laid out once as the engine wants them. */
  prepare(right: Rows): Promise<PreparedRows>;
  dispose(): Promise<void>;
}

/** The right side of products. */
export interface PreparedRows {
  /** Writes left x right^T to the beginning of `target`, a row for each of `left`: float32, see exact-score.ts. */
  multiply(left: Rows, target: Float32Array): Promise<void>;
  dispose(): Promise<void>;
}

export interface ProductOptions {
  readonly engine: EngineIdentity;
  readonly threads: number;
  /** Of every vector. */
  readonly columns: number;
}

/**
 * Matrix products on the engine of a task. Fails with `engine-cannot-load`, `engine-changed`, and with `engine-imprecise` if
 * it computes with less than float32, as some do on a GPU.
 */
export async function openProducts(options: ProductOptions): Promise<Products> {
  const { engine, columns } = options;
  const products =
    engine.name === 'onnxruntime'
      ? onOnnxruntime(options)
      : productsOnBackend(await loadBackend(engine, options), columns);
  await requirePrecision(products, engine, columns);
  return products;
}

/** With rows that do not change: `left` in, `scores` out, of any number of rows. */
function productModel({ values, count }: Rows, columns: number): Uint8Array {
  const writer = new GraphWriter();
  const right = writer.floats('right', [count, columns], values);
  writer.node('Gemm', { output: 'scores', inputs: ['left', right], attributes: { transB: 1 } });
  const { float32 } = elementTypes;
  return encodeProduct(writer, { left: [float32, columns], scores: [float32, count] });
}

function onOnnxruntime({ engine, threads, columns }: ProductOptions): Products {
  const runtime = loadOnnxruntime(engine, { threads });
  const { provider, identity, library } = runtime;
  return {
    computesWith: `${identity.name} ${identity.version}, ${provider}, ${threads} threads`,
    async prepare(right) {
      // Constants are laid out for the inner loops when a session is made.
      const session = await createRuntimeSession(runtime, productModel(right, columns), 'matrix product');
      return {
        async multiply({ values, count }, target) {
          const left = new library.Tensor('float32', values, [count, columns]);
          const size = count * right.count;
          // The library writes into this memory: no score is copied.
          const scores = new library.Tensor('float32', target.subarray(0, size), [count, right.count]);
          await session.run({ left }, { scores });
        },
        dispose: () => session.release(),
      };
    },
    dispose: () => Promise.resolve(),
  };
}

/**
 * Matrix products on a backend that is loaded. Whether it computes in float32 is not proved: for reports beside a training,
 * which must not end because of them.
 */
export function productsOnBackend({ tf, identity, device }: Backend, columns: number): Products {
  const tensorOf = ({ values, count }: Rows): Tensor2D => tf.tensor2d(values, [count, columns]);
  return {
    computesWith: `${identity.name} ${identity.version}, ${device}`,
    prepare(rows) {
      const right = tensorOf(rows);
      const prepared: PreparedRows = {
        async multiply(left, target) {
          const scores = tf.tidy(() => tf.matMul(tensorOf(left), right, false, true));
          try {
            target.set(await scores.data<'float32'>());
          } finally {
            scores.dispose();
          }
        },
        dispose() {
          right.dispose();
          return Promise.resolve();
        },
      };
      return Promise.resolve(prepared);
    },
    dispose: () => Promise.resolve(),
  };
}

/** So many vectors of either side tell how an engine rounds. */
const provedRows = 32;

/** Fails with `engine-imprecise` if scores are farther from the exact ones than float32 explains. */
export async function requirePrecision(products: Products, engine: EngineIdentity, columns: number): Promise<void> {
  const random = Random.derive(0, 'precision of products');
  const values = Float32Array.from({ length: provedRows * columns }, () => random.uniform() - 0.5);
  const rows = { values, count: provedRows };
  const scores = new Float32Array(provedRows ** 2);
  const prepared = await products.prepare(rows);
  await prepared.multiply(rows, scores);
  await prepared.dispose();
  let longest = 0;
  let error = 0;
  for (const [index, score] of scores.entries()) {
    const [row, column] = [Math.floor(index / provedRows), index % provedRows];
    const exact = exactScore({ values, at: row * columns }, { values, at: column * columns }, columns);
    error = Math.max(error, Math.abs(exact - score));
    if (row === column) longest = Math.max(longest, Math.sqrt(exact));
  }
  const allowed = scoreError(columns, longest);
  // Not "greater": an engine that computes NaN is refused too.
  if (!(error <= allowed)) {
    fail(failures.engineImprecise({ engine: `${engine.name} ${engine.version}`, error, allowed }));
  }
}
