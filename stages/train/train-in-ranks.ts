import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { errorCode, fail, FailureError } from '../../src/core/failure.ts';
import { compiledModule, packageFolder } from '../../src/core/package-folder.ts';
import type { StageContext, StageEvent } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';
import { endsOf, eventIn, type RankJob, stopWord } from './rank-job.ts';
import { requireShares } from './shares.ts';

type Context = StageContext<Params, Inputs, Outputs>;

/** What `setup/mpi.mjs` prints. */
type MpiAnswer =
  | { readonly library: string; readonly launcher: readonly string[] }
  | { readonly problem: string; readonly remedy: string };

/**
 * Trains in several processes at once, which the launcher of MPI starts, each with a share of the processors. This process does
 * nothing but pass on what rank 0 tells, and what it is told itself. Fails with `mpi-missing`, with what a rank has failed with,
 * or with `rank-died`.
 */
export async function trainInRanks(context: Context, ranks: number): Promise<void> {
  requireShares(context.params, ranks);
  const { library, launcher } = await findMpi();
  const folder = join(context.scratch, 'ranks');
  rmSync(folder, { recursive: true, force: true });
  makeOwnFolder(folder);
  const cpus = Math.max(1, Math.floor(context.cpus / ranks));
  const { params, inputs, outputs, scratch, seed, engine, signal } = context;
  const emit = (event: StageEvent): void => {
    context.emit(event);
  };
  const job: RankJob = { context: { params, inputs, outputs, scratch, seed, engine, cpus }, library, ranks, folder };
  const jobFile = join(folder, 'job.json');
  writeFileSync(jobFile, JSON.stringify(job));
  const message = `${ranks} ranks with ${cpus} ${cpus === 1 ? 'processor' : 'processors'} and ${params.batch / ranks} images of a batch each`;
  emit({ type: 'log', level: 'info', message });

  const worker = fileURLToPath(compiledModule('stages/train/rank-worker.ts'));
  const [program = 'mpiexec', ...options] = launcher;
  const args = [...options, '-n', String(ranks), process.execPath, '--enable-source-maps', worker, jobFile];
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  const ended = endOf(child);
  const passedOn = passOn(child.stdout, emit);
  const stop = (): void => {
    tell(child.stdin, stopWord);
  };
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  const end = await ended;
  await passedOn;
  signal.removeEventListener('abort', stop);
  if (end instanceof Error) fail(failures.mpiMissing(notFound(program, end)), end);
  judge(endsOf(folder, ranks), { ranks, end: `${program} ${end}`, isStopped: signal.aborted });
  rmSync(folder, { recursive: true });
}

/** Fails with `mpi-missing`. */
async function findMpi(): Promise<Exclude<MpiAnswer, { problem: string }>> {
  const script = join(packageFolder(), 'setup', 'mpi.mjs');
  const answer = await new Promise<MpiAnswer>((resolve, reject) => {
    const child = execFile(process.execPath, [script], { encoding: 'utf8' }, (error, output) => {
      const last = output.trim().split('\n').at(-1) ?? '';
      if (last.startsWith('{')) resolve(JSON.parse(last) as MpiAnswer);
      else reject(error ?? new Error(`${script} printed nothing`));
    });
    child.stderr?.pipe(process.stderr);
  });
  if ('problem' in answer) fail(failures.mpiMissing({ reason: answer.problem, remedy: answer.remedy }));
  return answer;
}

function notFound(program: string, error: Error): { readonly reason: string; readonly remedy: string } {
  const reason = errorCode(error) === 'ENOENT' ? `there is no program ${program}` : `${program}: ${error.message}`;
  return { reason, remedy: 'name the launcher of the MPI in FLOW_MPIEXEC' };
}

/** How a process ended, in words; the error where it was not started. */
async function endOf(child: ReturnType<typeof spawn>): Promise<string | Error> {
  try {
    const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
    if (signal !== null) return `was ended by ${signal}`;
    const kill = Object.entries(constants.signals).find(([, number]) => number === code || number + 128 === code);
    return `ended with code ${code}${kill === undefined || code === 1 ? '' : `, as of ${kill[0]}`}`;
  } catch (error) {
    if (error instanceof Error) return error;
    throw error;
  }
}

async function passOn(output: Readable, emit: Context['emit']): Promise<void> {
  for await (const line of createInterface({ input: output, crlfDelay: Infinity })) {
    const event = eventIn(line);
    if (event === undefined) process.stdout.write(`${line}\n`);
    else emit(event);
  }
}

/** A launcher that has ended already does not read it. */
function tell(input: Writable, word: string): void {
  input.on('error', () => undefined);
  input.write(`${word}\n`);
}

/** Fails with what the first rank has failed with, or with `rank-died` where some have not told how they ended. */
function judge(
  ends: ReturnType<typeof endsOf>,
  { ranks, end, isStopped }: { readonly ranks: number; readonly end: string; readonly isStopped: boolean },
): void {
  const [first] = ends.flatMap((each) => ('at' in each ? [each] : [])).sort((one, other) => one.at - other.at);
  if (first?.outcome === 'failed') throw new FailureError(first.failures);
  if (first?.outcome === 'threw') throw new Error(first.message);
  if (ends.length < ranks && !isStopped) fail(failures.rankDied({ ranks, end }));
}
