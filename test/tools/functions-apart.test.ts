import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { stageFolders } from '../../src/cli/workspace.ts';
import { type JsonObject, validatorFile, validatorOf } from '../../src/pipeline/experiment/params-validator.ts';
import { readManifest } from '../../src/pipeline/experiment/stage-manifest.ts';

const { manifests, validators } = stageFolders();
const schema = readManifest(join(manifests, 'train')).params;

/** What a validator fills in and finds, but for the path inside of a schema, which depends on how it was taken apart. */
function found(folder: string, params: JsonObject): object {
  const value = structuredClone(params);
  const errors = validatorOf(
    schema,
    folder,
  )(value).map(({ keyword, instancePath, params: facts, ...rest }) => {
    return { keyword, instancePath, facts, schema: rest.schema, parentSchema: rest.parentSchema };
  });
  return { value, errors };
}

test('the build has put the long functions of a validator into files of their own', () => {
  expect(existsSync(join(validators, validatorFile(schema)))).toBe(true);
  const [digest = ''] = validatorFile(schema).split('.');
  expect(readdirSync(validators).filter((name) => name.startsWith(`${digest}.validate`)).length).toBeGreaterThan(30);
});

test.each([
  { network: { name: 'y1' }, loss: { name: 'arcface' } },
  { network: { name: 'r100', head: 'E' }, loss: { name: 'triplet' }, optimizer: { name: 'adamw' } },
  { network: { name: 'y1', emmbedding: 3 }, loss: { name: 'arcfac' }, schedule: { name: 'cosine', maxSteps: -1 } },
  { network: { name: 'd121', embeddingSize: 'x' }, loss: { name: 'magface', leastMargin: [] }, batch: 0, bach: 1 },
  { network: {}, loss: null },
])('taken apart it fills in and finds what one does that is compiled when needed: %j', (params) => {
  expect(found(validators, params)).toEqual(found(join(validators, 'none'), params));
});
