import { readFileSync } from 'node:fs';
import { writeFileAtomic } from '../../src/core/atomic-file.ts';
import { fail, FailureError } from '../../src/core/failure.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import type { Communicator } from '../../src/kit/net/ranks/communicator.ts';
import { joinRanks } from '../../src/kit/net/ranks/mpi-communicator.ts';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { failures } from './failures.ts';
import { endFile, eventLine, type RankEnd, type RankJob, stopWord } from './rank-job.ts';
import { trainToTheEnd } from './train-to-the-end.ts';
import { TrainingStopped } from './training-run.ts';

/** The process of one rank of a training, started by the launcher of MPI: `rank-worker.js JOB`. See `train-in-ranks.ts`. */
const [jobFile = ''] = process.argv.slice(2);

async function work(): Promise<void> {
  const job = JSON.parse(readFileSync(jobFile, 'utf8')) as RankJob;
  const ranks = joinRanks(job.library);
  const stop = ranks.rank === 0 ? whenTold() : new AbortController();
  const end = await train(job, ranks, stop.signal);
  writeFileAtomic(endFile(job.folder, ranks.rank), JSON.stringify(end));
  // The launcher ends the other ranks, which may wait for this one, unless all leave in order.
  const isInOrder = end.outcome === 'done' || end.outcome === 'interrupted';
  if (isInOrder) ranks.close();
  process.stdout.write('', () => process.exit(isInOrder ? 0 : 1));
}

async function train({ context, ranks: started }: RankJob, ranks: Communicator, signal: AbortSignal): Promise<RankEnd> {
  const emit = (event: StageEvent): void => {
    if (ranks.rank === 0) process.stdout.write(eventLine(event));
  };
  useDevice(ranks.rank);
  try {
    if (ranks.size !== started) fail(failures.ranksApart({ started, found: ranks.size }));
    if (context.engine.name === 'webgpu') fail(failures.ranksNeedReading({ engine: context.engine.name }));
    const { precision, xla } = context.params;
    const engine = await loadBackend(context.engine, { threads: context.cpus, precision, xla });
    await trainToTheEnd({ ...context, signal, emit }, engine, ranks);
    return { outcome: 'done' };
  } catch (error) {
    if (signal.aborted || error instanceof TrainingStopped) return { outcome: 'interrupted' };
    const at = Date.now();
    if (error instanceof FailureError) return { outcome: 'failed', at, failures: error.failures };
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`rank ${ranks.rank}: ${error instanceof Error ? error.stack : message}\n`);
    return { outcome: 'threw', at, message };
  }
}

/** Of the graphics processors of the task, one for each rank of a machine. */
function useDevice(rank: number): void {
  const devices = (process.env['CUDA_VISIBLE_DEVICES'] ?? '').split(',').filter((id) => id !== '');
  const own = devices[rank % Math.max(1, devices.length)];
  if (own !== undefined) process.env['CUDA_VISIBLE_DEVICES'] = own;
}

/** Aborted when the task says so; without a task there is no use for a result. */
function whenTold(): AbortController {
  const stop = new AbortController();
  process.stdin.on('data', (text: Buffer) => {
    if (text.toString('utf8').includes(stopWord)) stop.abort();
  });
  process.stdin.on('end', () => process.exit(1));
  process.stdin.unref();
  return stop;
}

await work();
