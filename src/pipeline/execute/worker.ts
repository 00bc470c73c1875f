import { closeSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { errorCode, fail, type Failure, FailureError } from '../../core/failure.ts';
import { processIo, processMemory } from '../../core/process-facts.ts';
import type { Stage, StageContext, StageEvent } from '../../stage-api/stage.ts';
import type { ProcessExit, Usage, WorkerJob, WorkerMessage } from './executor.ts';
import { failures } from './failures.ts';

/**
 * The process of one task, or of several one after the other if their stage allows it. It runs the stage and tells what
 * happens as messages; what the stage prints goes to the log file, which is our standard output and error. A local
 * executor writes jobs to standard input and reads messages from file descriptor 3; called as `worker.js JOB EVENTS` it
 * does the one job in the first file and appends its messages to the second.
 */
const [jobFile, eventsFile] = process.argv.slice(2);
const messages = eventsFile === undefined ? 3 : openSync(eventsFile, 'a');

async function work(): Promise<void> {
  const job = jobFile === undefined ? readJob() : (JSON.parse(readFileSync(jobFile, 'utf8')) as WorkerJob);
  if (job === undefined) process.exit(0);
  const further = jobFile === undefined ? new FurtherJobs() : undefined;
  // Standard input keeps the process going while a stage waits for something that does not; otherwise this does.
  if (further === undefined) setInterval(() => undefined, 2 ** 30);
  let stop = new AbortController();
  process.on('SIGTERM', () => {
    stop.abort();
  });
  // The terminal's Ctrl-C is for the runner, which decides what becomes of us.
  process.on('SIGINT', () => undefined);
  for (let next = job; ;) {
    stop = new AbortController();
    const meter = new UsageMeter(next === job);
    const exit = await runStage(next, stop.signal);
    send({ type: 'ended', exit: { ...exit, usage: meter.usage() } });
    // Threads and timers a stage has left behind must not keep the task from ending.
    if (further === undefined || !next.isWarm || exit.outcome !== 'done') process.exit(0);
    next = await further.next();
    turnTo(next);
  }
}

/** Makes the log of another task our standard output and error, and its scratch folder where we work. */
function turnTo({ logFile, scratch }: WorkerJob): void {
  process.chdir(scratch);
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    // open(2) returns the lowest descriptor that is free.
    const opened = openSync(logFile, 'a');
    if (opened !== descriptor) throw new Error(`expected the log as descriptor ${descriptor}, found ${opened}`);
  }
}

/** What one job uses of a process that may have had others before. */
class UsageMeter {
  readonly #before: Usage;

  constructor(isFirst: boolean) {
    // Sets the highest resident memory back to the present one: proc_pid_clear_refs(5).
    if (!isFirst) writeFileSync('/proc/self/clear_refs', '5');
    this.#before = isFirst ? nothing : usageSoFar();
  }

  usage(): Usage {
    const now = usageSoFar();
    return {
      peakMemoryBytes: now.peakMemoryBytes,
      cpuMs: now.cpuMs - this.#before.cpuMs,
      readBytes: now.readBytes - this.#before.readBytes,
      writtenBytes: now.writtenBytes - this.#before.writtenBytes,
    };
  }
}

const nothing: Usage = { peakMemoryBytes: 0, cpuMs: 0, readBytes: 0, writtenBytes: 0 };

function usageSoFar(): Usage {
  const { maxRSS, userCPUTime, systemCPUTime } = process.resourceUsage();
  return {
    peakMemoryBytes: processMemory('self').peakBytes ?? maxRSS * 1024,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    ...processIo('self'),
  };
}

async function runStage(job: WorkerJob, signal: AbortSignal): Promise<ProcessExit> {
  const { entry, checkpointFile, ...given } = job;
  const emit = (event: StageEvent): void => {
    if (event.type === 'checkpoint') writeFileAtomic(checkpointFile, String(event.step));
    if (event.type === 'log') process.stdout.write(`${event.level}: ${event.message}\n`);
    send({ type: 'event', event });
  };
  const context: StageContext = { ...given, signal, emit };
  try {
    const run = await loadStage(entry);
    await run(context);
  } catch (error) {
    if (signal.aborted) return { outcome: 'interrupted' };
    process.stderr.write(`${logged(error)}\n`);
    return { outcome: 'failed', failures: failuresOf(error) };
  }
  return signal.aborted ? { outcome: 'interrupted' } : { outcome: 'done' };
}

/** Of an expected failure no stack is logged, only its causes; of a defect everything is. */
function logged(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof FailureError)) return error.stack ?? error.message;
  const lines = error.failures.map(({ code, message }) => `${code}: ${message}`);
  return [...lines, ...(error.cause === undefined ? [] : [`caused by ${logged(error.cause)}`])].join('\n');
}

async function loadStage(entry: string): Promise<Stage<unknown, StageContext['inputs'], StageContext['outputs']>> {
  const module = await loadModule(entry);
  if (typeof module.run !== 'function') fail(failures.stageWithoutRun({ entry }, { file: entry }));
  return module.run as Stage<unknown, StageContext['inputs'], StageContext['outputs']>;
}

async function loadModule(entry: string): Promise<{ readonly run?: unknown }> {
  try {
    return (await import(pathToFileURL(entry).href)) as { run?: unknown };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { syntaxPlace } = await import('./syntax-place.ts');
    const at = syntaxPlace(entry);
    if (at === undefined) throw error;
    return fail(failures.stageSyntax({ error: error.message }, at));
  }
}

function failuresOf(error: unknown): readonly Failure[] {
  if (error instanceof FailureError) return error.failures;
  return [failures.stageThrew({ error: error instanceof Error ? `${error.name}: ${error.message}` : String(error) })];
}

/** Writes at once, so that nothing is lost however the process ends. */
function send(message: WorkerMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(messages, bytes, written);
    } catch (error) {
      if (!isFull(error)) throw error;
      waitAMoment();
    }
  }
}

function isFull(error: unknown): boolean {
  return errorCode(error) === 'EAGAIN';
}

function waitAMoment(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** The first line of standard input; undefined if the runner ended before it wrote one. */
function readJob(): WorkerJob | undefined {
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(65_536);
  for (;;) {
    const count = readOrWait(buffer);
    if (count === 0) return undefined;
    parts.push(Buffer.from(buffer.subarray(0, count)));
    if (buffer[count - 1] === 0x0a) return JSON.parse(Buffer.concat(parts).toString('utf8')) as WorkerJob;
  }
}

function readOrWait(buffer: Buffer): number {
  for (;;) {
    try {
      return readSync(0, buffer);
    } catch (error) {
      if (!isFull(error)) throw error;
      waitAMoment();
    }
  }
}

/**
 * Standard input after the first job: further jobs, one a line. When the runner is gone, killed or not, its end of the
 * pipe is closed: then there is no use for our result.
 */
class FurtherJobs {
  readonly #lines: string[] = [];
  #wake: () => void = () => undefined;

  constructor() {
    createInterface({ input: process.stdin, crlfDelay: Infinity }).on('line', (line) => {
      this.#lines.push(line);
      this.#wake();
    });
    process.stdin.on('end', killGroup).on('error', killGroup);
  }

  async next(): Promise<WorkerJob> {
    for (;;) {
      const line = this.#lines.shift();
      if (line !== undefined) return JSON.parse(line) as WorkerJob;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }
}

function killGroup(): void {
  process.kill(-process.pid, 'SIGKILL');
}

await work();
