import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import type { Curve, TrainingLog } from '../../../src/kit/net/training/training-log.ts';
import { printedFailure, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';
import { mpiHere, openMpiHere } from '../../kit/net/ranks/mpi.ts';
import { messages, pack, pairs, train } from './small-training.ts';

const mpi = mpiHere();
const reason = typeof mpi === 'string' ? ` (not run: ${mpi})` : '';

/** From a network as it is drawn, the usual rate would make a thousandth of every rounding in a few steps. */
const optimizer = { learningRate: 3e-8, momentum: 0.9, weightDecay: 5e-4 };
const params = { batch: 4, optimizer, schedule: { maxSteps: 4, steps: [], warmupSteps: 0 }, logEverySteps: 1 };
function curvesOf(folder: string): ReadonlyMap<string, Curve['points']> {
  const { curves } = JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as TrainingLog;
  return new Map(curves.map(({ name, points }) => [name, points]));
}

/** The greatest difference of two trainings in their losses, relative to them, and in their parameters. */
function difference(one: string, other: string): { readonly loss: number; readonly weights: number } {
  const [losses = [], others = []] = [curvesOf(one).get('loss'), curvesOf(other).get('loss')];
  expect(losses.map(([step]) => step)).toEqual(others.map(([step]) => step));
  const loss = Math.max(...losses.map(([, value], at) => Math.abs((others[at]?.[1] ?? NaN) / value - 1)));
  const parameters = readModel(join(other, 'model')).parameters;
  const weights = [...readModel(join(one, 'model')).parameters].map(([name, { values }]) => {
    const same = parameters.get(name)?.values ?? [];
    return Math.max(...values.map((value, at) => Math.abs(value - (same[at] ?? NaN)) / Math.max(1, Math.abs(value))));
  });
  return { loss, weights: Math.max(...weights) };
}

/** The processes of the ranks of a training, by number. */
function ranksOf(folder: string): ReadonlyMap<number, number> {
  const found = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((id) => {
      try {
        const isRank = readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(join(folder, 'ranks', 'job.json'));
        const rank = /\0PMI_RANK=(\d+)\0/.exec(`\0${readFileSync(`/proc/${id}/environ`, 'utf8')}`)?.[1];
        return isRank && rank !== undefined ? [[Number(rank), Number(id)] as const] : [];
      } catch {
        return [];
      }
    });
  return new Map(found);
}

describe.skipIf(typeof mpi === 'string')(`a training with ranks${reason}`, { timeout: 180_000 }, () => {
  it('equals that of one process, ends with one failure when a rank dies, and goes on with any number of ranks', async () => {
    const [dataset, validation] = [pack(), [pairs()]];
    const one = temporaryFolder();
    const killed = temporaryFolder();
    await train({ dataset, folder: one, validation, params });

    const printed = await printedFailure(() =>
      train({
        ...{ dataset, folder: killed, validation, params, ranks: 2 },
        onEvent(event) {
          if (event.type === 'checkpoint' && event.step === 2) process.kill(ranksOf(killed).get(1) ?? NaN, 'SIGKILL');
        },
      }),
    );
    expect(printed).toMatch(
      /^rank-died: one of the 2 ranks ended before the training did, and the others were ended: \S*mpiexec ended with code 9, as of SIGKILL\n {2}The log of the task has what it printed/,
    );
    expect([...ranksOf(killed)]).toEqual([]);

    const resumed = await train({ dataset, folder: killed, validation, params });
    expect(messages(resumed)).toContain('resumes from the checkpoint of step 2');
    const afterwards = difference(one, killed);
    expect(afterwards.loss).toBeLessThan(1e-4);
    expect(afterwards.weights).toBeLessThan(1e-4);
  });

  it('goes back where it has diverged, on all ranks, as one process does', async () => {
    const dataset = pack();
    const diverging = {
      // The loss of the second step is above a million.
      optimizer: { learningRate: 9000, momentum: 0, weightDecay: 0 },
      loss: { name: 'softmax' },
      schedule: { maxSteps: 2, steps: [], warmupSteps: 0 },
      checkpointEverySteps: 1,
      onDivergence: 'rewind',
    } as const;
    const back = async (ranks?: number): Promise<readonly string[]> => {
      const folder = temporaryFolder();
      const events = await train({ dataset, folder, params: { ...params, ...diverging }, ...(ranks && { ranks }) });
      const { returns = [] } = JSON.parse(readFileSync(join(folder, 'log.json'), 'utf8')) as TrainingLog;
      expect(readModel(join(folder, 'model')).parameters.size).toBeGreaterThan(0);
      expect(events).toContainEqual({ type: 'metric', name: 'rewinds', value: returns.length });
      return returns.map(({ step, to, share }) => `${step} to ${to}, ${share}`);
    };
    const found = await back(2);
    expect(found.length).toBeGreaterThan(0);
    expect(found).toEqual(await back());
  });

  it('goes on with more ranks than before, and with classes that are drawn, shared among ranks or not', async () => {
    const [dataset, validation] = [pack(), [pairs()]];
    const drawn = { ...params, classRate: 0.5 };
    const [one, several] = [temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: one, validation, params: drawn });
    const stop = train({
      ...{ dataset, folder: several, validation, params: drawn },
      onEvent(event) {
        if (event.type === 'checkpoint') throw new Error('killed');
      },
    });
    await expect(stop).rejects.toThrow('killed');
    const events = await train({ dataset, folder: several, validation, params: drawn, ranks: 2 });
    expect(messages(events)).toContain('2 ranks with 1 processor and 2 images of a batch each');
    expect(messages(events)).toContain('resumes from the checkpoint of step 2');
    const found = difference(one, several);
    expect(found.loss).toBeLessThan(1e-4);
    expect(found.weights).toBeLessThan(1e-4);
  });
});

const openMpi = openMpiHere();
const openReason = typeof openMpi === 'string' ? ` (not run: ${openMpi})` : '';

describe.skipIf(typeof openMpi === 'string')(`a training over OpenMPI 4${openReason}`, { timeout: 180_000 }, () => {
  it('equals that of one process', async () => {
    if (typeof openMpi === 'string') throw new Error(openMpi);
    const dataset = pack();
    const [one, two] = [temporaryFolder(), temporaryFolder()];
    await train({ dataset, folder: one, params });
    process.env['FLOW_MPI_LIBRARY'] = openMpi.library;
    process.env['FLOW_MPIEXEC'] = openMpi.launcher.join(' ');
    onTestFinished(() => {
      delete process.env['FLOW_MPI_LIBRARY'];
      delete process.env['FLOW_MPIEXEC'];
    });
    const events = await train({ dataset, folder: two, params, ranks: 2 });
    expect(messages(events)).toContain('2 ranks with 1 processor and 2 images of a batch each');
    const found = difference(one, two);
    expect(found.loss).toBeLessThan(1e-4);
    expect(found.weights).toBeLessThan(1e-4);
  });
});

describe('a training that cannot have ranks', () => {
  const failing = (more: object, ranks = 2): Promise<string> =>
    printedFailure(() => train({ dataset: pack(), folder: temporaryFolder(), params: { ...params, ...more }, ranks }));

  it('says that a batch cannot be shared', async () => {
    expect(await failing({ batch: 5 })).toBe(
      'batch-not-shared: a batch of 5 images cannot be shared equally among 2 ranks\n' +
        '  "batch" counts the images of all ranks together: make it a multiple of resources.ranks, or of resources.gpus where there are no ranks.',
    );
  });

  it('says which number of ranks the parts of a batch are for', async () => {
    expect(await failing({ batch: 8, normalizeOver: 2 })).toBe(
      'ranks-mismatch: "normalizeOver" is 2, and each of 2 ranks has 4 of the 8 images of a batch\n' +
        '  Set resources.ranks to 4, or leave normalizeOver out: statistics are those of the whole batch then, with any number of ranks.',
    );
    expect(await failing({ batch: 4, normalizeOver: 2 }, 1)).toContain('one rank has 4 of the 4 images of a batch');
    expect(await failing({ batch: 4, normalizeOver: 3 }, 1)).toContain(
      'ranks-mismatch: "normalizeOver" is 3, and a batch of 4 images is not made of such parts',
    );
  });

  it('says that there is no MPI, and what to do', async () => {
    process.env['FLOW_MPI_LIBRARY'] = '/nowhere/libmpi_abi.so';
    onTestFinished(() => {
      delete process.env['FLOW_MPI_LIBRARY'];
    });
    expect(await failing({})).toBe(
      'mpi-missing: several ranks train together over MPI, which is not there: FLOW_MPI_LIBRARY names /nowhere/libmpi_abi.so, which is not there\n' +
        '  To do: name the libmpi_abi.so of an MPI with the standard interface of MPI 5, or the libmpi.so of OpenMPI 4, or unset it: MPICH is fetched then. npm run setup:mpi fetches MPICH; FLOW_MPI_LIBRARY and FLOW_MPIEXEC name another MPI 5, or OpenMPI 4.',
    );
  });

  it('says so where a loss needs all classes in every step', async () => {
    expect(await failing({ classRate: 0.5, loss: { name: 'softmax' } }, 1)).toBe(
      'loss-not-drawn: this loss compares an image with all classes in every step: "classRate" is for losses with class centres and a softmax\n' +
        '  Choose one of them, such as arcface, cosface or adaface (docs/losses.md), or leave classRate out.',
    );
  });
});
