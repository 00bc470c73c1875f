import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { signalProcess, type Launch, type ProcessEnd, type TaskProcess } from './task-process.ts';
import type { WorkerMessage } from './worker-message.ts';

/** Starts the worker of a stage that is a module, in a process group of its own. */
export async function startWorker(launch: Launch): Promise<TaskProcess> {
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
  let last: ProcessEnd | undefined;
  const reading = readMessages(subprocess.stdio[3], (message) => {
    if (message.type === 'event') launch.onEvent(message.event);
    else last = { ...message, type: 'reported' };
  });
  if (pid !== undefined) launch.onStarted(pid);
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdin.write(`${JSON.stringify(launch.job)}\n`);
  const end = Promise.all([subprocess, reading]).then(
    ([ended]): ProcessEnd =>
      last ?? { type: 'crashed', exitCode: ended.exitCode ?? null, signal: ended.signal ?? null, usage: undefined },
  );
  return {
    pid,
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
