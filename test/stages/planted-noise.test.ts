import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Random } from '../../src/core/random.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { run as megaface } from '../../stages/megaface/run.ts';
import type { Params as CleanParams } from '../../stages/remove-noises/contract.ts';
import { run as removeNoises } from '../../stages/remove-noises/run.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { storeOf } from '../kit/face/features/store-of.ts';

/*
 * People whose images are a common direction and a small one of their own, among distractors that are near nobody: every mate is found.
 * Noise that is planted spoils as many trials as can be counted beforehand.
 */
const people = 6;
const images = 5;
/** A direction for each person, one for each image, and one for the image that shows somebody else. */
const columns = people + people * images + 1;
const distractorCount = 40;
const trials = people * images * (images - 1);

function unit(values: readonly number[]): number[] {
  const length = Math.hypot(...values);
  return values.map((value) => value / length);
}

function direction(...parts: readonly (readonly [column: number, value: number])[]): number[] {
  const values = Array.from({ length: columns }, () => 0);
  for (const [column, value] of parts) values[column] = value;
  return unit(values);
}

/** The first image of the last person shows somebody else: it is as far from its mates as from the other people. */
const stranger = `person_${people - 1}/0.png`;

function probes(): (readonly [string, number[]])[] {
  return Array.from({ length: people * images }, (_, index) => {
    const [person, image] = [Math.floor(index / images), index % images];
    const name = `person_${person}/${image}.png`;
    return [name, name === stranger ? direction([columns - 1, 1]) : direction([person, 1], [people + index, 0.5])];
  });
}

/** Two of the distractors show the first two people: the very middle of their images, closer than any mate. */
function distractors(): (readonly [string, number[]])[] {
  const random = new Random(3);
  const others = Array.from({ length: distractorCount }, (_, index) => {
    // Somewhat near to everybody, so that some are closer than an image of somebody else.
    const values = Array.from({ length: columns }, () => 0.2 + random.uniform(0, 0.01));
    return [`000/user/${index}_0.jpg`, unit(values)] as const;
  });
  const planted = [0, 1].map((person) => [`999/noise/${person}_0.jpg`, direction([person, 1])] as const);
  return [...others, ...planted].map(([name, values]) => [name, [...values]]);
}

interface Workplace {
  readonly scratch: string;
  readonly seed: number;
  readonly signal: AbortSignal;
  readonly engine: ReturnType<typeof trainingEngine>['identity'];
  readonly cpus: number;
  readonly emit: () => void;
}

async function rankOneWhenCleaned(clean: CleanParams['clean'], form: CleanParams['form'] = 'mask'): Promise<number> {
  const folder = temporaryFolder();
  const at = (name: string): string => join(folder, name);
  const workplace: Workplace = {
    ...{ scratch: folder, seed: 1, signal: new AbortController().signal, cpus: 1, emit: () => undefined },
    engine: trainingEngine('wasm').identity,
  };
  writeFileSync(at('probe_noises.txt'), `${stranger}\n`);
  writeFileSync(at('distractor_noises.txt'), '999/noise/0_0.jpg\n999/noise/1_0.jpg\n');
  const stores = { probes: storeOf(at('probes'), probes()), distractors: storeOf(at('distractors'), distractors()) };
  await removeNoises({
    ...workplace,
    params: { clean, form, layout: 'matrix', suffix: '', missing: 'fail' },
    inputs: {
      ...{ ...stores, probeNoises: at('probe_noises.txt'), distractorNoises: at('distractor_noises.txt') },
      ...{ probeList: undefined, distractorList: undefined },
    },
    outputs: { mask: at('mask'), noises: at('noises.json'), probes: at('cleaned-p'), distractors: at('cleaned-d') },
  });
  const isMask = form === 'mask';
  await megaface({
    ...workplace,
    params: {
      ...{ sizes: [], sets: 1, rates: [0.01], algorithm: 'test', probeNames: [], draws: 0, engine: 'auto' },
    },
    inputs: {
      probes: [isMask ? stores.probes : at('cleaned-p')],
      distractors: isMask ? stores.distractors : at('cleaned-d'),
      ...{ probeLists: [], distractorLists: [], mask: isMask ? at('mask') : undefined },
    },
    outputs: { result: at('megaface.json'), kit: at('kit'), curves: at('curves') },
  });
  const { results } = JSON.parse(readFileSync(at('megaface.json'), 'utf8')) as {
    results: { size: number; trials: number; identification: { rank: number; value: number }[] }[];
  };
  const last = results.at(-1);
  expect(last).toMatchObject({ size: distractorCount + 2, trials });
  return last?.identification.find(({ rank }) => rank === 1)?.value ?? NaN;
}

/** All trials of the two people whose distractor is closer. */
const ofDistractors = 2 * images * (images - 1);
/** The trials of the image of somebody else, as the probe and as the mate. */
const ofStranger = 2 * (images - 1);

it.each([
  ['none', trials - ofDistractors - ofStranger],
  ['probes', trials - ofDistractors],
  ['distractors', trials - ofStranger],
  ['both', trials],
] as const)('planted noise lowers rank-1 by the predicted amount, with %s cleaned', async (clean, right) => {
  expect(await rankOneWhenCleaned(clean)).toBeCloseTo(right / trials, 12);
});

it('vectors with an extra dimension bring rank-1 back as a mask does', async () => {
  expect(await rankOneWhenCleaned('both', 'vectors')).toBe(1);
});
