import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { trainingEngine } from '../../src/kit/net/engines/choose-engine.ts';
import { bfloat16Instructions } from '../../src/kit/net/engines/precision.ts';
import { trainsOnFewFaces } from './few-faces.ts';
import { Rig } from './rig.ts';

/** The parameters `precision` and `xla` of `train`, by the real command. */
const experiment = `name: precision
${trainsOnFewFaces}      loss: { name: softmax }
      optimizer: { learningRate: 0.001 }
      schedule: { maxSteps: 20, steps: [17] }
      batch: 4
      checkpointEverySteps: 10
      logEverySteps: 1
`;

const { identity } = trainingEngine();
const isTensorflow = identity.name === 'tensorflow' && identity.version.endsWith('-cpu');
const note = isTensorflow ? '' : ' (skipped: TensorFlow for processors is not installed)';

let rig: Rig;

beforeAll(async () => {
  rig = new Rig();
  rig.write('precision.yaml', experiment);
  expect((await rig.flow(['run', 'precision.yaml', 'pack'])).code).toBe(0);
});

afterAll(async () => {
  await rig.dispose();
});

/** `setting`: as in `precision=bfloat16`. */
const withSetting = (setting: string): string[] => ['--set', `stages.train.with.${setting}`];
const call = (setting: string, ...more: string[]): string[] => ['run', 'precision.yaml', 'train', '--json', ...withSetting(setting), ...more]; // prettier-ignore

interface Trained {
  readonly losses: readonly number[];
  readonly digest: string;
  readonly printed: string;
}

async function train(setting: string, ...more: string[]): Promise<Trained> {
  const ended = await rig.flow(call(setting, ...more), { FLOW_ENGINE: 'tensorflow' });
  expect(ended.stderr).toBe('');
  expect(ended.code).toBe(0);
  const output = (file: string): Buffer =>
    readFileSync(rig.path('runs', rig.runs().at(-1) ?? '', 'outputs/train', file));
  const { curves } = JSON.parse(output('log.json').toString()) as {
    curves: readonly { name: string; points: readonly (readonly [step: number, value: number])[] }[];
  };
  const losses = curves.flatMap(({ name, points }) => (name === 'loss' ? points.map(([, value]) => value) : []));
  return { losses, digest: digestOf(output('model/parameters.bin')), printed: ended.stdout };
}

describe.skipIf(!isTensorflow)(`precision: bfloat16${note}`, () => {
  it('is another training, near the one in float32, and says what computes', { timeout: 300_000 }, async () => {
    const exact = await train('precision=float32');
    const rounded = await train('precision=bfloat16');
    const instructions = bfloat16Instructions() ?? [];
    const says =
      instructions.length > 0
        ? `factors of products may be rounded to bfloat16 by ${instructions.join(' and ')}`
        : 'this processor has no instructions for bfloat16: products are computed in float32';
    expect(rounded.printed).toContain(says);
    expect(exact.printed).not.toContain('bfloat16');
    expect(rounded.digest === exact.digest).toBe(instructions.length === 0);
    expect(rounded.losses).toHaveLength(20);
    // Later the two part: a network that has just been drawn makes much of any rounding.
    const [first = NaN] = rounded.losses;
    expect(Math.abs(first / (exact.losses[0] ?? NaN) - 1)).toBeLessThan(0.02);
  });

  it('of a run that is killed ends with the same bytes', { timeout: 300_000 }, async () => {
    const wanted = await train('precision=bfloat16');
    let isKilled = false;
    // Some runs are through before they are killed.
    for (let run = 0; run < 5 && !isKilled; run += 1) {
      const running = rig.start(call('precision=bfloat16', '--force', 'train'), { FLOW_ENGINE: 'tensorflow' });
      let printed = '';
      running.process.stdout?.on('data', (text: string) => {
        printed += text;
        if (/"step":1[1-9]/.test(printed)) running.process.kill('SIGKILL');
      });
      isKilled = (await running.ended).signal === 'SIGKILL';
    }
    expect(isKilled).toBe(true);
    const resumed = await train('precision=bfloat16', '--force', 'train');
    // Its steps are executed kernel by kernel at first, those of the other as graphs by then.
    expect(resumed.printed).toContain('resumes from the checkpoint of step 10');
    expect(resumed.digest).toBe(wanted.digest);
  });
});

describe.skipIf(!isTensorflow)(`xla: true${note}`, () => {
  // Graphs from the seventeenth step on: XLA compiles no others.
  const longer = ['--set', 'stages.train.with.schedule.maxSteps=18'];

  it('is another training, equal within rounding, and says so', { timeout: 300_000 }, async () => {
    const exact = await train('xla=false', ...longer);
    const compiled = await train('xla=true', ...longer);
    expect(compiled.printed).toContain('XLA compiles operations on single numbers');
    expect(exact.printed).not.toContain('XLA');
    expect(compiled.losses).toHaveLength(18);
    expect(compiled.losses.slice(0, 16)).toEqual(exact.losses.slice(0, 16));
    for (const [index, loss] of exact.losses.entries())
      expect(Math.abs((compiled.losses[index] ?? NaN) / loss - 1), `step ${index + 1}`).toBeLessThan(0.01);
    expect(compiled.digest).not.toBe(exact.digest);
  });
});

describe('what the engine does not compute', () => {
  const foreseen = async (parameter: string, engine: string): Promise<string> => {
    rig.write('refused.yaml', `${experiment}      ${parameter}\n`);
    const before = rig.runs();
    const checked = await rig.flow(['check', 'refused.yaml'], { FLOW_ENGINE: engine });
    expect(checked).toMatchObject({ code: 2, stdout: '' });
    expect(checked.stderr).toMatch(/Stage "train" \(refused\.yaml:9\) would end with this\.$/m);
    expect(await rig.flow(['run', 'refused.yaml'], { FLOW_ENGINE: engine })).toEqual(checked);
    expect(rig.runs()).toEqual(before);
    return checked.stderr;
  };

  it('is refused before anything runs', { timeout: 120_000 }, async () => {
    expect(await foreseen('precision: bfloat16', 'wasm')).toMatch(
      /precision-not-computed: the engine wasm \d[\d.]* does not compute with "precision: bfloat16"/,
    );
    expect(await foreseen('xla: true', 'wasm')).toMatch(
      /xla-not-compiled: the engine wasm \d[\d.]* has no steps that "xla: true" could compile/,
    );
    expect(await foreseen('xla: true', 'cpu')).toMatch(/xla-not-compiled: the engine cpu /);
    // Without the parameters, or where they say what it does by itself, the engine is not asked for.
    for (const parameter of ['precision: float32', 'xla: false', '']) {
      rig.write('as-it-is.yaml', `${experiment}${parameter === '' ? '' : `      ${parameter}\n`}`);
      expect(await rig.flow(['check', 'as-it-is.yaml'], { FLOW_ENGINE: 'none' })).toMatchObject({ code: 0 });
    }
  });

  it.skipIf(!isTensorflow)(`is tf32 on processors${note}`, { timeout: 120_000 }, async () => {
    expect(await foreseen('precision: tf32', 'tensorflow')).toContain(
      `precision-not-computed: the engine tensorflow ${identity.version} does not compute with "precision: tf32"`,
    );
  });

  it('fails in the training where a run goes on beyond what is known to fail', { timeout: 120_000 }, async () => {
    const { code, stdout, stderr } = await rig.flow(
      ['run', 'precision.yaml', 'train', '--keep-going', ...withSetting('xla=true')],
      { FLOW_ENGINE: 'wasm' },
    );
    expect(code).not.toBe(0);
    expect(stdout + stderr).toContain('xla-not-compiled: the engine wasm ');
  });
});
