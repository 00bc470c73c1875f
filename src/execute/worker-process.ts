import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import type { WorkerJob, WorkerMessage, WorkerResult } from './worker-message.ts';
import type { StageEvent } from '../base/stage.ts';

export interface WorkerLaunch {
  readonly job: WorkerJob;
  readonly environment: Readonly<Record<string, string>>;
  readonly workingFolder: string;
  /** An open file that takes what the worker prints. */
  readonly logDescriptor: number;
  /** Called before the job is handed over: what must be written down about the worker is written down first. */
  onStarted(pid: number): void;
  onEvent(event: StageEvent): void;
}

export type WorkerEnd =
  | { readonly type: 'reported'; readonly result: WorkerResult; readonly peakMemoryBytes: number }
  | { readonly type: 'crashed'; readonly exitCode: number | null; readonly signal: string | null };

/** A running worker: to be waited for, or stopped. */
export interface WorkerProcess {
  readonly end: Promise<WorkerEnd>;
  /** Asks the stage to write a checkpoint and return. */
  terminate(): void;
  /** Ends the worker and everything it has started. */
  kill(): void;
}

/** Starts the process of a task, in a process group of its own. */
export async function startWorker(launch: WorkerLaunch): Promise<WorkerProcess> {
  // Importing execa takes 0.12 s, which a run that finds everything in the cache shall not pay.
  const { execa } = await import('execa');
  const worker = new URL('worker.js', import.meta.url).pathname;
  // Any descriptor will do; the types of execa name only 3 to 9.
  const log = launch.logDescriptor as 3;
  const subprocess = execa(process.execPath, ['--enable-source-maps', worker], {
    cwd: launch.workingFolder,
    env: { ...launch.environment },
    extendEnv: false,
    stdio: ['pipe', log, log, 'pipe'],
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  const pid = subprocess.pid;
  let last: WorkerEnd | undefined;
  const reading = readMessages(subprocess.stdio[3], (message) => {
    if (message.type === 'event') launch.onEvent(message.event);
    else last = { ...message, type: 'reported' };
  });
  if (pid !== undefined) launch.onStarted(pid);
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdin.write(`${JSON.stringify(launch.job)}\n`);
  const end = Promise.all([subprocess, reading]).then(
    ([ended]): WorkerEnd => last ?? { type: 'crashed', exitCode: ended.exitCode ?? null, signal: ended.signal ?? null },
  );
  return {
    end,
    terminate: () => {
      signalProcess(pid, 'SIGTERM');
    },
    kill: () => {
      signalProcess(pid === undefined ? undefined : -pid, 'SIGKILL');
    },
  };
}

async function readMessages(stream: Readable, onMessage: (message: WorkerMessage) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Infinity })) {
    const message = parseMessage(line);
    if (message !== undefined) onMessage(message);
  }
}

/** A line cut off by the death of the worker is no message. */
function parseMessage(line: string): WorkerMessage | undefined {
  try {
    return JSON.parse(line) as WorkerMessage;
  } catch {
    return undefined;
  }
}

function signalProcess(pid: number | undefined, signal: NodeJS.Signals): void {
  if (pid === undefined) return;
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
