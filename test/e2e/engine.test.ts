import { afterEach, beforeEach, expect, test } from 'vitest';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { outcomes, Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
  rig.write('infer.yaml', 'name: infer\nsummary: a test\nstages:\n  judge: { uses: ./stages/infer }\n');
});
afterEach(async () => {
  await rig.dispose();
});

const onnxruntime = installedOnnxruntime();
const reason = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;
const version = onnxruntime.installed ? onnxruntime.identity.version : '';
/** The choice left to the command. */
const open = { FLOW_ENGINE: '' };

test.skipIf(reason !== '')(`a stage that infers gets onnxruntime, and the run says so${reason}`, async () => {
  const first = await rig.flow(['run', 'infer.yaml'], open);
  expect(first.code).toBe(0);
  expect(first.stdout).toContain(`onnxruntime ${version}`);
  const [entry = ''] = rig.entries();
  expect(rig.read(`runs/cache/${entry}/outputs/out.txt`)).toBe(`onnxruntime ${version}, asked for auto`);
  const shown = await rig.flow(['show', 'latest'], open);
  expect(shown.stdout).toMatch(new RegExp(`^engine +onnxruntime ${version}$`, 'm'));
  // The same engine, named: nothing to do. Another one: the reason names both.
  const named = ['infer.yaml', '--set', 'stages.judge.with.engine=onnxruntime'];
  expect(outcomes(await rig.flow(['run', '--json', ...named], open))).toEqual({ judge: 'cached' });
  const why = await rig.flow(['why', 'infer.yaml', 'judge'], { FLOW_ENGINE: 'wasm' });
  expect(why.stdout).toContain(`engine onnxruntime ${version} -> wasm 4.22.0`);
});

test('FLOW_ENGINE decides where the stage leaves it open, and a contradiction ends the command before anything runs', async () => {
  const run = await rig.flow(['run', 'infer.yaml'], { FLOW_ENGINE: 'wasm' });
  expect(run.code).toBe(0);
  const [entry = ''] = rig.entries();
  expect(rig.read(`runs/cache/${entry}/outputs/out.txt`)).toBe('wasm 4.22.0, asked for auto');
  const contradiction = ['infer.yaml', '--set', 'stages.judge.with.engine=cpu'];
  for (const command of ['plan', 'run']) {
    const ended = await rig.flow([command, ...contradiction], { FLOW_ENGINE: 'wasm' });
    expect(ended.code).toBe(2);
    expect(ended.stderr).toContain('engine-conflict');
    expect(ended.stderr).toContain('stage "judge" asks for the engine "cpu", and FLOW_ENGINE for "wasm"');
  }
  expect(rig.runs()).toHaveLength(1);
});

test('an engine that infers only is refused for a stage that trains', async () => {
  const train = 'uses: train\n    with: { dataset: stages, network: { name: y1 }, loss: { name: softmax } }';
  rig.write('train.yaml', `name: train\nsummary: a test\nstages:\n  train:\n    ${train}\n`);
  const ended = await rig.flow(['plan', 'train.yaml'], { FLOW_ENGINE: 'onnxruntime' });
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('engine-cannot-train');
});
