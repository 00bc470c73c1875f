import { createRequire } from 'node:module';
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
  return { identity, tf, device: 'cpu', threads: 1 };
}
