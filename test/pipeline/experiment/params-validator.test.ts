import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { validatorFile, validatorModule, validatorOf } from '../../../src/pipeline/experiment/params-validator.ts';
import { readManifest } from '../../../src/pipeline/experiment/stage-manifest.ts';
import { testStages } from './load-fixture.ts';

const schema = readManifest(join(testStages.manifests, 'learn')).params;
let compiled: string;

beforeAll(() => {
  compiled = mkdtempSync(join(tmpdir(), 'validators-'));
  writeFileSync(join(compiled, validatorFile(schema)), validatorModule(schema));
});
afterAll(() => {
  rmSync(compiled, { recursive: true });
});

describe.each([
  ['compiled by the build', () => compiled],
  ['compiled when needed', () => join(compiled, 'none')],
])('a validator %s', (_, folder) => {
  test('fills in defaults, also inside of maps and of the chosen branch', () => {
    const params = { loss: { name: 'arcface' } };
    expect(validatorOf(schema, folder())(params)).toEqual([]);
    expect(params).toEqual({ loss: { name: 'arcface', margin: 0.5 }, schedule: { maxSteps: 10 }, batch: 8 });
  });

  test('returns every error with the schema it comes from', () => {
    const errors = validatorOf(schema, folder())({ loss: { name: 'arcface', margin: 'x' }, bach: 1 });
    expect(errors.map(({ keyword, instancePath }) => [keyword, instancePath])).toEqual([
      ['additionalProperties', ''],
      ['type', '/loss/margin'],
    ]);
    expect(errors[0]?.parentSchema).toMatchObject({ required: ['loss'] });
  });
});

test('a validator compiled by the build finds the same errors as one compiled when needed, branches of choices in their places', () => {
  for (const params of [
    { loss: { name: 'arcfac' } },
    { loss: {} },
    { loss: 3 },
    { loss: { name: 'arcface', margin: 'x', more: 1 } },
    {},
  ] as const) {
    const [built, fresh] = [compiled, join(compiled, 'none')].map((folder) =>
      validatorOf(
        schema,
        folder,
      )(structuredClone(params)).map(({ keyword, instancePath, params: facts, parentSchema }) => ({
        keyword,
        instancePath,
        facts,
        parentSchema,
      })),
    );
    expect(built).toEqual(fresh);
    expect(built).not.toEqual([]);
  }
});
