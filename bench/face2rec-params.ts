import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { packageFolder } from '../src/core/package-folder.ts';
import { validatorOf, type JsonObject } from '../src/pipeline/experiment/params-validator.ts';
import type { Params } from '../stages/face2rec/contract.ts';

/** The parameters of `face2rec` in an experiment that specifies none: the defaults of its schema. */
export function face2recParams(): Params {
  const manifest = join(packageFolder(), 'stages/face2rec/stage.json');
  const { params: schema } = JSON.parse(readFileSync(manifest, 'utf8')) as { params: JsonObject };
  const params: JsonObject = {};
  validatorOf(schema, '')(params);
  return params as unknown as Params;
}
