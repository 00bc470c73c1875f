import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Ended, Rig } from './rig.ts';

const quickstart = fileURLToPath(new URL('../../pipelines/quickstart.yaml', import.meta.url));

interface Experiment {
  readonly params: object;
  readonly stages: { readonly train: { readonly uses: string; readonly with: object } };
}

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
  rig.write('faces/train.rec', 'records');
});

afterAll(async () => {
  await rig.dispose();
});

/** Plans the training of the quickstart on a data set of a fixed content, with more parameters. */
function plan(more: object): Promise<Ended> {
  const { params, stages } = parse(readFileSync(quickstart, 'utf8')) as Experiment;
  const train = { ...stages.train, with: { ...stages.train.with, dataset: 'faces', ...more } };
  rig.write('experiment.yaml', JSON.stringify({ name: 'keys', params, stages: { train } }));
  return rig.flow(['plan', 'experiment.yaml', '--json'], { FLOW_ENGINE: 'wasm' });
}

async function keyOfTraining(more: object = {}): Promise<string> {
  const { stdout } = await plan(more);
  return (JSON.parse(stdout) as { tasks: { key: string }[] }).tasks[0]?.key ?? '';
}

it('the training of the quickstart has the key that it had before optimizers, schedules and several sets could be chosen', async () => {
  // Of version 4: only the version of the stage has changed it since.
  expect(await keyOfTraining()).toBe('7a6ae73baf2e9e3d3a8cbe65a577af19bf8be3fcb9fc3384e78642e07229c34c');
});

it('arithmetic of other roundings is another key', async () => {
  const [plain, rounded, compiled] = [
    await keyOfTraining(),
    await keyOfTraining({ precision: 'bfloat16' }),
    await keyOfTraining({ xla: true }),
  ];
  expect(new Set([plain, rounded, compiled]).size).toBe(3);
});

it('another optimizer or schedule is another key, and its options are filled in', async () => {
  const [plain, other, falling] = [
    await keyOfTraining(),
    await keyOfTraining({ optimizer: { name: 'adamw' } }),
    await keyOfTraining({ schedule: { name: 'cosine', maxSteps: 120 } }),
  ];
  expect(new Set([plain, other, falling]).size).toBe(3);
  const filled = { name: 'adamw', learningRate: 0.001, beta1: 0.9, beta2: 0.999, epsilon: 1e-8, weightDecay: 0.01 };
  expect(await keyOfTraining({ optimizer: filled })).toBe(other);
});

it('an unknown optimizer, and an option of another one, are named once each', async () => {
  const unknown = await plan({ optimizer: { name: 'adam' } });
  expect(unknown.stderr.match(/bad-param.*/g)).toEqual([
    expect.stringContaining('"optimizer.name" of stage "train" must be one of sgd, adamw, found the string "adam"'),
  ]);
  expect(unknown.stderr).toContain('did you mean "adamw"?');
  const foreign = await plan({ optimizer: { name: 'adamw', momentum: 0.9 } });
  expect(foreign.stderr).toContain('unknown-param: "optimizer" of stage "train" has no parameter "momentum"');
  expect(foreign.stderr).toContain('It has: name, learningRate, beta1, beta2, epsilon, weightDecay, decay.');
  expect(foreign.stderr.match(/-param:/g)).toHaveLength(1);
});

it('a loss and a network that there are not are answered with the names there are', async () => {
  const { stderr } = await plan({ loss: { name: 'arcfac' }, network: { name: 'r99' } });
  expect(stderr).toContain('"loss.name" of stage "train" must be one of softmax, sphereface, cosface,');
  expect(stderr).toContain('found the string "arcfac" (did you mean "arcface"?)');
  expect(stderr).toContain('"network.name" of stage "train" must be one of y1, r18,');
});
