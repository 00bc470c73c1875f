import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../src/core/digest.ts';
import { mpiHere } from '../kit/net/ranks/mpi.ts';
import { trainsOnFewFaces } from './few-faces.ts';
import { outcomes, Rig } from './rig.ts';

const mpi = mpiHere();
const reason = typeof mpi === 'string' ? ` (not run: ${mpi})` : '';

const experiment = `name: shared
${trainsOnFewFaces}      loss: { name: arcface }
      optimizer: { learningRate: 0.001 }
      schedule: { maxSteps: 4, steps: [] }
      batch: 4
      checkpointEverySteps: 1
      logEverySteps: 1
    resources: { ranks: 2 }
`;

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

/** Processes of the launcher and the ranks that train in the workspace. */
function ranks(): string[] {
  return readdirSync('/proc').filter((id) => {
    try {
      const command = /^\d+$/.test(id) ? readFileSync(`/proc/${id}/cmdline`, 'utf8') : '';
      return command.includes('rank-worker.js') && command.includes(rig.folder);
    } catch {
      return false;
    }
  });
}

describe.skipIf(typeof mpi === 'string')(`resources.ranks${reason}`, () => {
  it(
    'shares a training, leaves no rank behind when the runner is killed, and is no part of the key',
    { timeout: 180_000 },
    async () => {
      rig.write('shared.yaml', experiment);
      const engine = { FLOW_ENGINE: '' };
      const running = rig.start(['run', 'shared.yaml', '--json'], engine);
      const isTraining = (): boolean => ranks().length >= 3;
      for (let wait = 0; wait < 600 && !isTraining(); wait += 1) await sleep(100);
      expect(isTraining()).toBe(true);
      running.process.kill('SIGKILL');
      await running.ended;
      for (let wait = 0; wait < 100 && ranks().length > 0; wait += 1) await sleep(100);
      expect(ranks()).toEqual([]);

      const again = await rig.flow(['run', 'shared.yaml', '--json'], engine);
      expect(again.stderr).toBe('');
      expect(again.code).toBe(0);
      expect(again.stdout).toContain('2 ranks with 1 processor and 2 images of a batch each');
      const alone = await rig.flow(['run', 'shared.yaml', '--json', '--set', 'stages.train.resources.ranks=1'], engine);
      expect(outcomes(alone)).toMatchObject({ train: 'cached' });
    },
  );

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'stops a training in order on %s, leaves no rank behind, and goes on to the same bytes',
    { timeout: 240_000 },
    async (signal) => {
      rig.write('shared.yaml', experiment.replace('maxSteps: 4', 'maxSteps: 16'));
      const engine = { FLOW_ENGINE: '' };
      const call = ['run', 'shared.yaml', '--json'];
      const result = (): string[] =>
        ['model/parameters.bin', 'log.json'].map((file) =>
          digestOf(readFileSync(rig.path('runs', rig.runs().at(-1) ?? '', 'outputs/train', file))),
        );
      const running = rig.start(call, engine);
      // Between two steps, and in the midst of the training.
      let printed = '';
      running.process.stdout?.on('data', (text: string) => (printed += text));
      const hasSaved = (): boolean => /"checkpoint","step":[2-9]/.test(printed);
      for (let wait = 0; wait < 1200 && !hasSaved(); wait += 1) await sleep(50);
      expect(hasSaved()).toBe(true);
      running.process.kill(signal);
      const stopped = await running.ended;
      expect(ranks()).toEqual([]);
      expect({ code: stopped.code, signal: stopped.signal }).toEqual({ code: 130, signal: null });
      expect(outcomes(stopped)).toMatchObject({ train: 'interrupted' });

      const resumed = await rig.flow(call, engine);
      expect(resumed.code).toBe(0);
      const [, from] = /resumes from the checkpoint of step (\d+)/.exec(resumed.stdout) ?? [];
      expect(Number(from)).toBeGreaterThanOrEqual(2);
      const found = result();
      expect((await rig.flow([...call, '--force', 'train'], engine)).code).toBe(0);
      expect(found).toEqual(result());
    },
  );

  it('is refused where the launcher and the library are not of one MPI', { timeout: 120_000 }, async () => {
    rig.write('shared.yaml', experiment);
    // Starts them as any program: none hears of the others.
    rig.write('apart.sh', '#!/bin/sh\nshift 2\n"$@" &\n"$@"\nended=$?\nwait\nexit $ended\n');
    const run = await rig.flow(['run', 'shared.yaml'], { FLOW_ENGINE: '', FLOW_MPIEXEC: `sh ${rig.path('apart.sh')}` });
    expect(run.code).toBe(1);
    expect(run.stdout + run.stderr).toContain(
      'ranks-apart: 2 ranks were started, and over MPI a rank has found 1, itself included',
    );
  });

  it('is refused for a stage that computes in one process', async () => {
    rig.write('shared.yaml', experiment.replace('  train:', '    resources: { ranks: 2 }\n  train:'));
    const planned = await rig.flow(['plan', 'shared.yaml']);
    expect(planned.code).toBe(2);
    expect(planned.stderr).toContain(
      '"ranks" of stage "pack" must be 1, since the stage computes in one process, found 2',
    );
  });
});
