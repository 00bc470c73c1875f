import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Ended, events, outcomes, Rig, until } from './rig.ts';

const pipelines = fileURLToPath(new URL('../../pipelines/', import.meta.url));

/** With a smoke profile too, and no training of the README: tests of their own run them. */
const others = [
  'loss-table',
  'margins-drawn',
  'verify-pretrained',
  'dlib-lfw',
  'pretrained',
  'caffe-conversion',
  'megaface',
  'overlap-free-lfw',
  'overlap-removal',
];

/** Recipes are the experiments with a smoke profile that need data without it. */
const recipes = readdirSync(pipelines)
  .filter((name) => name.endsWith('.yaml') && !others.includes(name.replace('.yaml', '')))
  .filter((name) => readFileSync(join(pipelines, name), 'utf8').includes('\n  smoke:\n'))
  .map((name) => basename(name, '.yaml'));

/** Small enough for `npm test`; FLOW_RECIPES=all runs every recipe. */
const light = ['mobilefacenet-y1', 'softmax-m1', 'triplet-m1'];
const ran = process.env['FLOW_RECIPES'] === 'all' ? recipes : light;

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});

afterAll(async () => {
  await rig.dispose();
});

/** The fastest engine there is, not the one of plain JavaScript that other tests take. */
const anyEngine = { FLOW_ENGINE: '' };

const file = (recipe: string): string => join(pipelines, `${recipe}.yaml`);

function smoke(recipe: string, ...settings: string[]): Promise<Ended> {
  return rig.flow(['run', file(recipe), '--profile', 'smoke', '--json', ...settings], anyEngine);
}

it('there is a recipe for every published training, and each has a smoke profile', () => {
  expect(recipes).toEqual([
    'arcface-r100',
    'arcface-r34',
    'arcface-r50-vgg2',
    'combined-margin',
    'cosface-r50',
    'mobilefacenet-y1',
    'ms1mv3-r50',
    'softmax-m1',
    'softmax-p107',
    'triplet-m1',
  ]);
});

describe.each(recipes)('the recipe %s', (recipe) => {
  it('has no mistake; of its data it says only that they are not there', async () => {
    const { code, stdout } = await rig.flow(['check', file(recipe), '--json']);
    expect(code).toBe(0);
    const { failures, warnings } = JSON.parse(stdout) as { failures: object[]; warnings: { code: string }[] };
    expect(failures).toEqual([]);
    expect([...new Set(warnings.map((warning) => warning.code))].sort()).toEqual(['input-not-found']);
  });

  it('has no mistake with its smoke profile, which misses nothing', async () => {
    const { code, stdout } = await rig.flow(['check', file(recipe), '--profile', 'smoke', '--json']);
    expect(code).toBe(0);
    const { failures, warnings } = JSON.parse(stdout) as { failures: object[]; warnings: { code: string }[] };
    expect(failures).toEqual([]);
    expect(warnings.map((warning) => warning.code).sort()).toEqual(['unused-param']);
  });
});

describe.each(ran)('the smoke profile of %s', (recipe) => {
  it('trains two steps of the real network and ends with a report', { timeout: 900_000 }, async () => {
    const ended = await smoke(recipe);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const found = outcomes(ended);
    expect(found['report']).toBe('done');
    expect(Object.values(found).filter((outcome) => outcome !== 'done' && outcome !== 'cached')).toEqual([]);
  });

  it('comes from the cache the second time', async () => {
    const ended = await smoke(recipe);
    expect(ended.code).toBe(0);
    expect([...new Set(Object.values(outcomes(ended)))]).toEqual(['cached']);
  });
});

it('triplet-m1 goes on from what softmax-m1 has trained, without training it again', { timeout: 300_000 }, async () => {
  expect((await smoke('softmax-m1')).code).toBe(0);
  const ended = await smoke('triplet-m1');
  expect(outcomes(ended)['train']).toBe('cached');
});

/** Recipe, stage, and so many steps that one can be interrupted between them. */
const lightInterruptions: readonly (readonly [string, string, number])[] = [
  ['mobilefacenet-y1', 'softmax', 40],
  ['triplet-m1', 'triplet', 12],
];
/** A checkpoint of the interruption is enough: a step of these takes a second or more. */
const interruptions = [
  ...lightInterruptions,
  ...ran.filter((recipe) => !light.includes(recipe)).map((recipe) => [recipe, 'train', 5] as const),
];

it.each(interruptions)(
  '%s goes on where it was interrupted in its stage %s',
  { timeout: 900_000 },
  async (recipe, stage, steps) => {
    const longer = ['--set', `stages.${stage}.with.schedule.maxSteps=${steps}`];
    const before = rig.runs().length;
    const interrupted = rig.start(['run', file(recipe), '--profile', 'smoke', '--json', ...longer], anyEngine);
    await until(
      // Of its steps: before them the people of the verification sets are looked for.
      () =>
        rig.runs().length > before &&
        new RegExp(`"task":"${stage}[^"]*","event":\\{"type":"progress"[^{}]*"unit":"steps"`).test(rig.eventsSoFar()),
      `${stage} has begun`,
      600_000,
    );
    interrupted.process.kill('SIGINT');
    expect((await interrupted.ended).code).toBe(130);

    const resumed = await smoke(recipe, ...longer);
    expect(resumed.code).toBe(0);
    // Each of a matrix: the recipe of combined margins trains eight times.
    const tasks = Object.entries(outcomes(resumed)).filter(([task]) => task.replace(/\[.*/, '') === stage);
    expect([...new Set(tasks.map(([, outcome]) => outcome))]).toEqual(['done']);
    const messages = events(resumed)
      .filter((event) => event.type === 'task-event' && tasks.some(([task]) => task === event['task']))
      .map((event) => (event['event'] as { message?: string }).message);
    expect(messages).toContainEqual(expect.stringMatching(/^resumes from the checkpoint of step [1-9]/));
  },
);
