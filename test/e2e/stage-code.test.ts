import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { outcomes, Rig } from './rig.ts';

let rig: Rig;
beforeEach(() => {
  rig = new Rig();
});
afterEach(async () => {
  await rig.dispose();
});

describe('the code of a stage of the workspace', () => {
  it('runs its tasks again when it changes, says why, and takes the old results when it is put back', async () => {
    rig.chain({ a: [] });
    await rig.flow(['run', 'chain.yaml']);
    const code = rig.read('stages/scripted/run.js');
    rig.write('stages/scripted/run.js', code.replace('working on', 'at work on'));
    const why = await rig.flow(['why', 'chain.yaml', 'a']);
    expect(why.stdout).toBe('a would run:\n  stages/scripted changed\n');
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'done' });
    rig.write('stages/scripted/run.js', code);
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'cached' });
  });
});
