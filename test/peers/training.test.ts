import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { preparePeer, pytorch } from './python.ts';

const { python, folder, missing, note } = preparePeer(pytorch);
const repository = fileURLToPath(new URL('../../', import.meta.url));

/** bench/learning.ts on next to nothing: in whole it takes hours. */
const experiment = `extends: ${join(repository, 'bench/learning/drawn-faces.yaml')}
name: learning-small
stages:
  faces:
    with: { identities: 7, imagesPerIdentity: 4, heldOut: 3, pairs: 20 }
  train:
    with: { batch: 8, schedule: { maxSteps: 2, steps: [1] }, logEverySteps: 1 }
`;

interface Training {
  readonly program: string;
  readonly pixels: string;
  readonly accuracies: readonly number[];
  readonly curves: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

let trainings: readonly Training[] = [];

/** `npm run --silent build` comes first. */
beforeAll(() => {
  if (missing !== undefined) return;
  writeFileSync(join(folder, 'experiment.yaml'), experiment);
  for (const pixels of ['exact', 'ours']) {
    const paths = ['experiment.yaml', 'result.json', 'picture.svg'].map((name) => join(folder, name));
    const [given = '', result = '', picture = ''] = paths;
    const options = {
      experiment: given,
      workspace: folder,
      python,
      seed: '3',
      loss: 'arcface',
      pixels,
      result,
      picture,
    };
    const words = Object.entries(options).flatMap(([name, value]) => [`--${name}`, value]);
    execFileSync(process.execPath, [join(repository, 'dist/bench/learning.js'), ...words], { stdio: 'pipe' });
  }
  trainings = (JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8')) as { trainings: Training[] }).trainings;
});

/** The training loss of a step, counted from 0. */
const lossOf = (training: Training | undefined, step: number): number =>
  training?.curves.find(({ name }) => name === 'loss')?.points[step]?.[1] ?? NaN;

describe.skipIf(missing !== undefined)(`a training of two steps beside PyTorch${note}`, () => {
  it('begins with the same images, mirrored alike, and the same weights: the first losses are equal', () => {
    const [ours, exact, onOurPixels] = trainings;
    expect(trainings.map(({ program }) => program.split(/[ ,]/)[0])).toEqual(['faceflow', 'PyTorch', 'PyTorch']);
    expect(lossOf(onOurPixels, 0) / lossOf(ours, 0)).toBeCloseTo(1, 5);
    expect(exact?.pixels).toMatch(/^OpenCV 4/);
  });

  it('goes on with the same batch and rate, as far as rounding lets a fresh network be compared', () => {
    const [ours, , onOurPixels] = trainings;
    expect(lossOf(onOurPixels, 1) / lossOf(ours, 1)).toBeCloseTo(1, 1);
  });

  it('verifies ten folds on both sides, and draws both', () => {
    for (const { accuracies } of trainings) {
      expect(accuracies).toHaveLength(10);
      expect(accuracies.every((accuracy) => accuracy >= 0 && accuracy <= 1)).toBe(true);
    }
    expect(readFileSync(join(folder, 'picture.svg'), 'utf8').match(/class="series line/g)).toHaveLength(4);
  });
});
