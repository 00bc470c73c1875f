import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { readFeatureMask, writeFeatureMask } from '../../../../src/kit/face/features/feature-mask.ts';
import { printedFailure, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { someContract } from './store-of.ts';

it('a mask is read as it was written', () => {
  const folder = temporaryFolder();
  const mask = {
    ...{ contract: someContract, excluded: ['375/a/1_0.jpg'], replaced: new Map([['Ada/2.png', 0]]), columns: 2 },
    replacements: Float32Array.of(0.6, 0.8),
  };
  writeFeatureMask(folder, mask);
  expect(readFeatureMask(folder)).toEqual(mask);
  expect(JSON.parse(readFileSync(join(folder, 'mask.json'), 'utf8'))).toEqual({
    ...{ format: 'faceflow-feature-mask', version: 1, features: someContract },
    ...{ excluded: ['375/a/1_0.jpg'], replaced: { 'Ada/2.png': 0 } },
  });
  const none = {
    contract: someContract,
    excluded: [],
    replaced: new Map(),
    columns: 0,
    replacements: new Float32Array(0),
  };
  writeFeatureMask(join(folder, 'none'), none);
  expect(readFeatureMask(join(folder, 'none'))).toEqual(none);
});

it('bad-mask', async () => {
  const folder = temporaryFolder();
  const file = join(folder, 'mask.json');
  const printed = async (content: string): Promise<string> => {
    writeFileSync(file, content);
    return (await printedFailure(() => readFeatureMask(folder))).replaceAll(folder, '<folder>').trimEnd();
  };
  expect(await printed('{}')).toMatchInlineSnapshot(`
    "<folder>/mask.json: bad-mask: expected "format": "faceflow-feature-mask", "version": 1, found something else
      The stage remove-noises writes mask.json; docs/formats/features.md tells what is in it."
  `);
  const head = '"format": "faceflow-feature-mask", "version": 1';
  expect(await printed(`{${head}}`)).toContain('expected "features", a contract, found nothing');
  expect(await printed(`{${head}, "features": "ab", "excluded": 1}`)).toContain('a list of names, found 1');
  expect(await printed(`{${head}, "features": "ab", "excluded": [], "replaced": {"a": "b"}}`)).toContain(
    'expected the row of "a" in "replaced", found "b"',
  );
  const text = await printedFailure(() => readFeatureMask(join(folder, 'none')));
  expect(text).toContain('bad-mask: expected a folder with mask.json, found none');
});
