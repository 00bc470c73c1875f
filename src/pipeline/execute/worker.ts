import { closeSync, existsSync, openSync, readFileSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { writeFileAtomic } from '../../core/atomic-file.ts';
import { FailureError, type Failure } from '../../core/failure.ts';
import type { Stage, StageContext, StageEvent } from '../../stage-api/stage.ts';
import type { Usage, WorkerJob, WorkerMessage, WorkerResult } from './worker-message.ts';

/**
 * The process of one task, or of several one after the other where their stage allows it. It reads its job from standard input, runs the stage and says what happens on file
 * descriptor 3; what the stage prints goes to the log file, which is our standard output and error.
 */
const eventDescriptor = 3;

async function work(): Promise<void> {
  const job = readJob();
  if (job === undefined) process.exit(0);
  const further = new FurtherJobs();
  let stop = new AbortController();
  process.on('SIGTERM', () => {
    stop.abort();
  });
  // The terminal's Ctrl-C is for the runner, which decides what becomes of us.
  process.on('SIGINT', () => undefined);
  for (let next = job; ; next = await further.next()) {
    if (next !== job) turnTo(next);
    stop = new AbortController();
    const meter = new UsageMeter(next === job);
    const result = await runStage(next, stop.signal);
    send({ type: 'ended', result, usage: meter.usage() });
    // Threads and timers a stage has left behind shall not keep the task from ending.
    if (!next.isWarm || result.outcome !== 'done') process.exit(0);
  }
}

/** Makes the log of another task our standard output and error, and its scratch folder where we work. */
function turnTo({ logFile, scratch }: WorkerJob): void {
  process.chdir(scratch);
  for (const descriptor of [1, 2]) {
    closeSync(descriptor);
    // open(2) gives the lowest descriptor that is free.
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
  const io = readIfThere('/proc/self/io');
  const highest = numberAfter('VmHWM:', readIfThere('/proc/self/status'));
  return {
    peakMemoryBytes: (highest ?? maxRSS) * 1024,
    cpuMs: (userCPUTime + systemCPUTime) / 1000,
    readBytes: numberAfter('rchar:', io) ?? 0,
    writtenBytes: numberAfter('wchar:', io) ?? 0,
  };
}

function readIfThere(path: string): string {
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

function numberAfter(label: string, text: string): number | undefined {
  const found = new RegExp(`^${label}\\s*(\\d+)`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

async function runStage(job: WorkerJob, signal: AbortSignal): Promise<WorkerResult> {
  const { entry, checkpointFile, ...given } = job;
  const emit = (event: StageEvent): void => {
    if (event.type === 'checkpoint') writeFileAtomic(checkpointFile, String(event.step));
    say(event);
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

/** What was expected to go wrong has no stack, only what it came from; of a defect everything is kept. */
function logged(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!(error instanceof FailureError)) return error.stack ?? error.message;
  const lines = error.failures.map(({ code, message }) => `${code}: ${message}`);
  return [...lines, ...(error.cause === undefined ? [] : [`caused by ${logged(error.cause)}`])].join('\n');
}

async function loadStage(entry: string): Promise<Stage<unknown, StageContext['inputs'], StageContext['outputs']>> {
  const module = (await import(pathToFileURL(entry).href)) as { run?: unknown };
  if (typeof module.run !== 'function') {
    throw new FailureError([
      {
        code: 'stage-without-run',
        message: `expected ${entry} to export a function "run"`,
        at: { file: entry },
        hint: 'export const run: Stage<Params, Inputs, Outputs> = async (context) => { ... }',
      },
    ]);
  }
  return module.run as Stage<unknown, StageContext['inputs'], StageContext['outputs']>;
}

function failuresOf(error: unknown): readonly Failure[] {
  if (error instanceof FailureError) return error.failures;
  const message = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  return [{ code: 'stage-threw', message: `the stage threw ${message}`, hint: 'the stack is in the log of the task' }];
}

function say(event: StageEvent): void {
  if (event.type === 'log') process.stdout.write(`${event.level}: ${event.message}\n`);
  send({ type: 'event', event });
}

/** Writes at once, so that nothing is lost however the process ends. */
function send(message: WorkerMessage): void {
  const bytes = Buffer.from(`${JSON.stringify(message)}\n`);
  for (let written = 0; written < bytes.length;) {
    try {
      written += writeSync(eventDescriptor, bytes, written);
    } catch (error) {
      if (!isFull(error)) throw error;
      waitAMoment();
    }
  }
}

function isFull(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EAGAIN';
}

function waitAMoment(): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5);
}

/** The first line of standard input; undefined where the runner ended before it wrote one. */
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
 * pipe is closed: then nobody will take our result.
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
