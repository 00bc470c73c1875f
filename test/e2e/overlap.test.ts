import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { DatasetWriter } from '../../src/kit/dataset/dataset-writer.ts';
import { writeFaceFolder } from '../kit/dataset/tiny-faces.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { overlapCurve } from '../stages/overlap-curve.ts';
import { outcomes, Rig } from './rig.ts';

const pipeline = fileURLToPath(new URL('../../pipelines/overlap-free-lfw.yaml', import.meta.url));

/** The fastest engine there is. */
const anyEngine = { FLOW_ENGINE: '' };

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});

afterAll(async () => {
  await rig.dispose();
});

/** The newest output of that name in the cache. */
function output(name: string): string {
  const cache = rig.path('runs', 'cache');
  const paths = readdirSync(cache, { recursive: true, encoding: 'utf8' }).filter((path) =>
    path.endsWith(`outputs/${name}`),
  );
  expect(paths).toHaveLength(1);
  return join(cache, paths[0] ?? '');
}

it(
  'of drawn faces all people who were put into both sets are found, and nobody else',
  { timeout: 120_000 },
  async () => {
    rig.write(
      'faces.yaml',
      `name: faces
stages:
  faces:
    uses: synthesize
    with: { identities: 20, imagesPerIdentity: 2, heldOut: 2, pairs: 4 }
`,
    );
    expect((await rig.flow(['run', 'faces.yaml'])).code).toBe(0);
    const faces = output('images');
    const imageOf = (person: number): Buffer => {
      const name = `person_${String(person).padStart(4, '0')}`;
      return readFileSync(join(faces, name, `${name}_0001.jpg`));
    };
    const size = { height: 112, width: 112 };
    const writer = new DatasetWriter(rig.path('set'));
    for (let label = 0; label < 14; label += 1) writer.add(label, true, imageOf(label + 1));
    writer.finish(size);
    // Five of the set, and six others.
    const images = [10, 15, 11, 16, 12, 17, 13, 18, 14, 19, 20, 15].map(imageOf);
    writeVerificationSet(rig.path('tests.bin'), { images, same: Array.from({ length: 6 }, () => false) });
    linearModel(rig.path('large'), 4, { size: 112 });
    rig.write(
      'planted.yaml',
      `name: planted
stages:
  clean:
    uses: remove-overlap
    with: { datasets: set, model: large, pairs: tests.bin, threshold: 0.99999 }
`,
    );
    const ended = await rig.flow(['run', 'planted.yaml']);
    expect(ended.stdout).toContain('removed/tests 5, identities 9, images 9, identities removed 5, images removed 5');
    const curve = overlapCurve(
      readFileSync(join(output('details'), 'identities.tsv'), 'utf8'),
      new Set([9, 10, 11, 12, 13]),
      [0, 0.99999],
    );
    expect(curve.map(({ precision, recall }) => ({ precision, recall }))).toEqual([
      { precision: 5 / 14, recall: 1 },
      { precision: 1, recall: 1 },
    ]);
  },
);

it("a set of one's own images is verified, and its people are not trained on", { timeout: 120_000 }, async () => {
  const folders = Object.fromEntries(Array.from({ length: 12 }, (_, person) => [`person ${person}`, 1 + (person % 4)]));
  writeFaceFolder(rig.path('mine'), folders, side);
  linearModel(rig.path('model'));
  rig.write(
    'mine.yaml',
    `name: mine
stages:
  pairs:
    uses: make-pairs
    with: { images: mine, people: 8, minImagesPerIdentity: 2, folds: 2 }
  pack:
    uses: face2rec
    with: { images: mine, protocol: '\${stages.pairs.outputs.protocol}' }
  verify:
    uses: verify
    with: { model: model, pairs: '\${stages.pairs.outputs.pairs}', folds: 2 }
  hard:
    uses: make-pairs
    with: { images: mine, people: 8, minImagesPerIdentity: 2, folds: 2, hardShare: 0.5, model: model }
`,
  );
  const ended = await rig.flow(['run', 'mine.yaml', '--json']);
  expect(ended.stderr).toBe('');
  expect(Object.values(outcomes(ended))).toEqual(['done', 'done', 'done', 'done']);
  expect(ended.stdout).toMatch(
    /no person is in both: 8 people in the pairs \(8 of them taken out of the training set\), 4 in the training set/,
  );
});

it(
  'the smoke profile of overlap-free-lfw runs whole, and comes from the cache the second time',
  { timeout: 600_000 },
  async () => {
    const ended = await rig.flow(['run', pipeline, '--profile', 'smoke', '--json'], anyEngine);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    expect(outcomes(ended)['clean']).toBe('done');
    const again = await rig.flow(['run', pipeline, '--profile', 'smoke', '--json'], anyEngine);
    expect([...new Set(Object.values(outcomes(again)))]).toEqual(['cached']);
  },
);
