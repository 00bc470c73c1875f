import type { InferenceSession as RuntimeSession } from 'onnxruntime-node';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { fail } from '../../../core/failure.ts';
import { Random } from '../../../core/random.ts';
import { onnxModel } from '../../codec/onnx/onnx-model.ts';
import { loadBackend } from '../../net/backends/load-backend.ts';
import { GraphWriter } from '../../net/exchange/onnx/graph-writer.ts';
import { loadOnnxruntime, type Onnxruntime } from '../../net/sessions/onnxruntime/load-onnxruntime.ts';
import { createRuntimeSession } from '../../net/sessions/onnxruntime/onnx-session.ts';
import { failures } from '../failures.ts';
import { exactScore, scoreError } from './exact-score.ts';

/** Vectors, a row each. */
export interface Rows {
  readonly values: Float32Array;
  readonly count: number;
}

/** Matrix products on an engine. */
export interface Products {
  /** For people: the library, its version, where it computes. */
  readonly computesWith: string;
  /** Writes left x right^T to the beginning of `target`, a row for each of `left`: float32, see exact-score.ts. */
  multiply(left: Rows, right: Rows, target: Float32Array): Promise<void>;
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
  const products = engine.name === 'onnxruntime' ? await onOnnxruntime(options) : await onBackend(options);
  await requirePrecision(products, engine, columns);
  return products;
}

/** A network of one product: `left` and `right` in, `scores` out, of any number of rows. */
function productModel(columns: number): Uint8Array {
  const writer = new GraphWriter();
  writer.node('Gemm', { output: 'scores', inputs: ['left', 'right'], attributes: { transB: 1 } });
  const matrix = (name: string, rows: string, size: number | string) => ({
    name,
    type: {
      tensorType: {
        elementType: 1,
        shape: { dimensions: [{ parameter: rows }, typeof size === 'number' ? { value: size } : { parameter: size }] },
      },
    },
  });
  return onnxModel.encode({
    irVersion: 8,
    opsetImport: [{ domain: '', version: 17 }],
    metadata: [],
    graph: {
      name: 'products',
      nodes: writer.nodes,
      initializers: [],
      inputs: [matrix('left', 'rows', columns), matrix('right', 'columns', columns)],
      outputs: [matrix('scores', 'rows', 'columns')],
      valueInfo: [],
    },
  });
}

async function onOnnxruntime({ engine, threads, columns }: ProductOptions): Promise<Products> {
  const runtime = loadOnnxruntime(engine, { threads });
  const session = await createRuntimeSession(runtime, productModel(columns), 'matrix product');
  const { provider, identity } = runtime;
  return {
    computesWith: `${identity.name} ${identity.version}, ${provider}, ${threads} threads`,
    multiply: (left, right, target) => runProduct({ runtime, session, columns }, [left, right], target),
    dispose: () => session.release(),
  };
}

interface RuntimeProduct {
  readonly runtime: Onnxruntime;
  readonly session: RuntimeSession;
  readonly columns: number;
}

async function runProduct(
  { runtime, session, columns }: RuntimeProduct,
  [left, right]: readonly [Rows, Rows],
  target: Float32Array,
): Promise<void> {
  const { Tensor } = runtime.library;
  // The library writes into this memory: no score is copied.
  const scores = new Tensor('float32', target.subarray(0, left.count * right.count), [left.count, right.count]);
  const tensorOf = ({ values, count }: Rows) => new Tensor('float32', values, [count, columns]);
  await session.run({ left: tensorOf(left), right: tensorOf(right) }, { scores });
}

async function onBackend({ engine, threads, columns }: ProductOptions): Promise<Products> {
  const { tf, identity, device } = await loadBackend(engine, { threads });
  return {
    computesWith: `${identity.name} ${identity.version}, ${device}, ${threads} threads`,
    async multiply(left, right, target) {
      const scores = tf.tidy(() => {
        const one = tf.tensor2d(left.values, [left.count, columns]);
        const other = tf.tensor2d(right.values, [right.count, columns]);
        return tf.matMul(one, other, false, true);
      });
      try {
        target.set(await scores.data<'float32'>());
      } finally {
        scores.dispose();
      }
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
  await products.multiply(rows, rows, scores);
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
