import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { packageFolder } from '../core/package-folder.ts';
import { defaultModel } from './default-model.ts';

/**
 * The record of a verification of the network that comes with the product, by which faces are judged; undefined for other models, and
 * for vectors without their mirror image, which nothing was measured with.
 */
export function defaultRecord(model: string, mirrored = true): string | undefined {
  const file = join(packageFolder(), 'setup', 'default-embedder-lfw.json');
  return mirrored && resolve(model) === defaultModel() && existsSync(file) ? file : undefined;
}
