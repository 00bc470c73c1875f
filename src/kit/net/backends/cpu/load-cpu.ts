import { createRequire } from 'node:module';
import type { DataId, DataType, TensorInfo } from '@tensorflow/tfjs-core';
import type { EngineIdentity } from '../../../../core/engine-identity.ts';
import { checkVersion } from '../../engines/check-version.ts';
import type { Backend, TensorLibrary } from '../backend.ts';

/** The plain JavaScript backend: slow, obvious, and the reference every other backend is compared with. */
export async function loadCpu(identity: EngineIdentity): Promise<Backend> {
  // CommonJS on purpose: the backends are CommonJS and register with the tfjs-core that `require` finds.
  const require = createRequire(import.meta.url);
  const tf = require('@tensorflow/tfjs-core') as TensorLibrary;
  const backend = require('@tensorflow/tfjs-backend-cpu') as { readonly version_cpu: string };
  checkVersion(identity, backend.version_cpu);
  await tf.setBackend('cpu');
  keepScatteredInput(tf);
  return { identity, tf, device: 'cpu', threads: 1 };
}

/** What this file uses of tfjs's cpu backend (dist/backend_cpu.d.ts). */
interface CpuBackend {
  readSync(data: DataId): Float32Array;
  makeTensorInfo(shape: number[], dtype: DataType, values: Float32Array): TensorInfo;
  disposeIntermediateTensorInfo(tensor: TensorInfo): void;
}

const corrected = new WeakSet<TensorLibrary>();

/** The backend's TensorScatterUpdate (4.22) writes into its input, not into a copy as those of the other engines. */
function keepScatteredInput(tf: TensorLibrary): void {
  if (corrected.has(tf)) return;
  corrected.add(tf);
  const own = tf.getKernel('TensorScatterUpdate', 'cpu');
  tf.unregisterKernel(own.kernelName, own.backendName);
  tf.registerKernel({
    ...own,
    kernelFunc(call) {
      const backend = call.backend as CpuBackend;
      const { tensor, ...others } = call.inputs;
      if (tensor === undefined) return own.kernelFunc(call);
      const copy = backend.makeTensorInfo(tensor.shape, tensor.dtype, backend.readSync(tensor.dataId).slice());
      const result = own.kernelFunc({ ...call, inputs: { ...others, tensor: copy } });
      backend.disposeIntermediateTensorInfo(copy);
      return result;
    },
  });
}
