import { createRequire } from 'node:module';
import nodeUtil from 'node:util';
import { fail } from '../../../../core/failure.ts';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { failures } from '../../failures.ts';
import { checkVersion } from '../../engines/check-version.ts';
import type { Backend, LoadOptions, RawKernels, TensorLibrary } from '../backend.ts';
import type { NodeBackend } from './node-backend.ts';
import { graphRecorder } from './graph-recorder.ts';
import { suppressStartupLog } from './startup-log.ts';
import { tensorflowEnvironment } from '../../engines/engine-environment.ts';

const require = createRequire(import.meta.url);

/** TensorFlow through tfjs-node, on the CPU or, where the version ends in `-cuda`, on an NVIDIA GPU. */
export async function loadTensorflow(identity: EngineIdentity, options: LoadOptions): Promise<Backend> {
  requireSameArithmetic(options);
  // TensorFlow reads these once, when the library is opened.
  Object.assign(process.env, tensorflowEnvironment(identity, options.threads, options));
  // tfjs-node 4.22 calls it; deprecated with a warning in Node 22, gone in Node 23.
  Object.assign(nodeUtil, { isNullOrUndefined: (value: unknown) => value === null || value === undefined });
  const tf = await suppressStartupLog(openLibrary);
  const backend = tf.backend() as unknown as NodeBackend;
  const device = backend.isUsingGpuDevice ? 'gpu' : 'cpu';
  checkVersion(identity, `${backend.binding.TF_Version}-${device === 'gpu' ? 'cuda' : 'cpu'}`);
  const loaded: Backend = { identity, tf, device, threads: options.threads, raw: rawKernels(backend) };
  // What goes into a graph and comes out of it is in the memory of the processor: a GPU would copy all weights in every step.
  const { recordAfter = 16 } = options;
  const isRecorded = device === 'cpu' && Number.isFinite(recordAfter);
  return isRecorded ? { ...loaded, recorder: graphRecorder(tf, backend, recordAfter) } : loaded;
}

let openedWith: string | undefined;

/** Of a second time in one process: what the library has read when it was opened stays. */
function requireSameArithmetic({ precision = 'float32', xla = false }: LoadOptions): void {
  const arithmetic = `${precision}${xla ? ' with XLA' : ''}`;
  openedWith ??= arithmetic;
  if (openedWith !== arithmetic)
    throw new Error(`TensorFlow computes in ${openedWith} in this process, and cannot in ${arithmetic}`);
}

/** Most messages come with the first operation, not when the library is opened. */
async function openLibrary(): Promise<TensorLibrary> {
  requireBinding();
  const tf = require('@tensorflow/tfjs-core') as TensorLibrary;
  await tf.setBackend('tensorflow');
  tf.tidy(() => tf.add(tf.ones([1]), 1).dataSync());
  return tf;
}

function requireBinding(): void {
  try {
    require('@tensorflow/tfjs-node-gpu');
  } catch (cause) {
    const reason = cause instanceof Error ? (cause.message.split('\n')[0] ?? '') : String(cause);
    const remedy = 'Run npm run setup, which installs it again; FLOW_ENGINE=wasm runs without it.';
    fail(failures.engineCannotLoad({ engine: 'tensorflow', reason, remedy }), cause);
  }
}

function rawKernels(backend: NodeBackend): RawKernels {
  const { binding } = backend;
  return {
    attributeType: {
      string: binding.TF_ATTR_STRING,
      int: binding.TF_ATTR_INT,
      float: binding.TF_ATTR_FLOAT,
      bool: binding.TF_ATTR_BOOL,
      type: binding.TF_ATTR_TYPE,
      shape: binding.TF_ATTR_SHAPE,
    },
    dataType: (dtype) => backend.getDTypeInteger(dtype),
    run: (operation, { attributes, inputs, outputCount }) =>
      backend.executeMultipleOutputs(operation, attributes, inputs, outputCount),
  };
}
