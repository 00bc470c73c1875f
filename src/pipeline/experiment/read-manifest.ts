import { readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import type { Json } from '../../core/digest.ts';
import type { StageManifest } from './stage-manifest.ts';

/**
 * Reads the stage.json of a folder, every `$ref` in the schema of its parameters and in its input ports replaced by what
 * it refers to.
 * Does not check it: that is `checkManifest`, which stages that come with the package have behind them.
 */
export function readManifest(folder: string): StageManifest {
  const manifest = JSON.parse(readFileSync(join(folder, 'stage.json'), 'utf8')) as StageManifest;
  const { params, inputs } = manifest;
  return {
    ...manifest,
    params: inline(params, folder) as StageManifest['params'],
    inputs: inline(inputs as unknown as Json, folder) as unknown as StageManifest['inputs'],
  };
}

/** Replaces `{ "$ref": "<file>#/<pointer>" }`; files are relative to `folder`. */
function inline(schema: Json, folder: string): Json {
  if (schema === null || typeof schema !== 'object') return schema;
  if (Array.isArray(schema)) return schema.map((item: Json) => inline(item, folder));
  const { $ref: reference, ...rest } = schema as Record<string, Json>;
  const own = Object.fromEntries(Object.entries(rest).map(([key, value]) => [key, inline(value, folder)]));
  if (typeof reference !== 'string') return own;
  const [file = '', pointer = ''] = reference.split('#');
  const path = resolve(folder, file);
  let target: Json | undefined = JSON.parse(readFileSync(path, 'utf8')) as Json;
  for (const key of pointer.split('/').slice(1)) target = child(target, key);
  if (target === undefined) throw new Error(`${join(folder, 'stage.json')}: "$ref": "${reference}" names nothing`);
  const found = inline(target, dirname(path));
  return Array.isArray(found) ? found : { ...(found as Record<string, Json>), ...own };
}

function child(value: Json | undefined, key: string): Json | undefined {
  return value === null || typeof value !== 'object' ? undefined : (value as Record<string, Json>)[key];
}
