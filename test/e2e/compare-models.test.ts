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

beforeAll(async () => {
  rig = new Rig();
  // Forty pairs of people that no other pair shows.
  const images = Array.from({ length: 80 }, (_, image) => jpeg(image % 4 === 1 ? image - 1 : image, side));
  writeVerificationSet(rig.path('pairs.bin'), {
    images,
    same: images.flatMap((_, at) => (at % 2 ? [] : [at % 4 === 0])),
  });
  for (const [seed, model] of ['one', 'two'].entries()) {
    linearModel(rig.path(model), seed + 1);
    rig.write(`${model}.yaml`, experiment(model));
    expect((await rig.flow(['run', `${model}.yaml`])).code).toBe(0);
  }
});

afterAll(async () => {
  await rig.dispose();
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

  it('show their intervals where the figures are shown', async () => {
    const { stdout } = await rig.flow(['metrics', 'one']);
    expect(stdout).toMatch(/accuracyLow/);
    expect((await rig.flow(['run', 'one.yaml'])).stdout).toMatch(
      /accuracy \d\.\d+ ± \d\.\d+ \[\d(\.\d+)?, \d(\.\d+)?\]/,
    );
  });
});
