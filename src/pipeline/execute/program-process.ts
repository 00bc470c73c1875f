import { mkdirSync } from 'node:fs';
import type { InputPaths } from '../../stage-api/stage.ts';
import { GroupMeter } from './group-meter.ts';
import { outputStream, writeOutput } from './process-output.ts';
import { signalProcess, type Launch, type ProcessEnd, type TaskProcess } from './task-process.ts';

/**
 * What the shell runs before the command. It waits for the word to go, which comes when the process has been written
 * down; then it leaves a watcher in the process group, which kills the group when the runner is gone: its end of
 * the pipe is closed then, however it ended. The watcher ends with the task in the same way.
 */
const prelude = [
  'read -r _ || exit 1',
  'exec 3<&0 </dev/null',
  '(while read -r _ <&3; do :; done; kill -9 0) &',
  'exec 3<&-',
  'exec /bin/sh -e -c "$0"',
].join('\n');

/** Starts the command of a stage that is a program; no process of ours stands between it and the runner. */
export async function startProgram(launch: Launch): Promise<TaskProcess> {
  const { execa } = await import('execa');
  const { job } = launch;
  mkdirSync(job.scratch, { recursive: true });
  const output = outputStream(launch);
  const subprocess = execa('/bin/sh', ['-c', prelude, commandOf(job.params)], {
    cwd: launch.workingFolder,
    env: { ...launch.environment, scratch: job.scratch, ...portVariables(job.inputs), ...job.outputs },
    extendEnv: false,
    stdio: ['pipe', output, output],
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
  });
  const pid = subprocess.pid;
  const written = writeOutput(subprocess, launch);
  if (pid !== undefined) launch.onStarted(pid);
  subprocess.stdin.on('error', () => undefined);
  subprocess.stdin.write('go\n');
  const meter = new GroupMeter(pid);
  subprocess.once('exit', () => {
    meter.stop();
    subprocess.stdin.end();
  });
  return {
    pid,
    end: Promise.all([subprocess, written]).then(([{ exitCode, signal }]) => programEnd(exitCode, signal, meter)),
    terminate: () => {
      signalProcess(pid === undefined ? undefined : -pid, 'SIGTERM');
    },
    kill: () => {
      signalProcess(pid === undefined ? undefined : -pid, 'SIGKILL');
    },
  };
}

/** What a shell ends with whose last command was ended by SIGKILL: 128 and the number of the signal. */
const killedExitCode = 137;

function programEnd(exitCode: number | undefined, signal: string | undefined, meter: GroupMeter): ProcessEnd {
  const usage = meter.usage();
  if (exitCode === 0) return { type: 'reported', result: { outcome: 'done' }, usage };
  if (exitCode === undefined) return { type: 'crashed', exitCode: null, signal: signal ?? null, usage };
  const failure = {
    code: 'command-failed',
    message: `the command ended with exit code ${exitCode}`,
    hint: 'what it printed is in the log of the task',
  };
  const end = { type: 'reported', result: { outcome: 'failed', failures: [failure] }, usage } as const;
  return exitCode === killedExitCode ? { ...end, innerSignal: 'SIGKILL' } : end;
}

function commandOf(params: unknown): string {
  return String((params as { readonly command?: unknown }).command);
}

/** A variable per port; the paths of a port that takes many are separated by newlines. */
function portVariables(inputs: InputPaths): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([port, paths]) => [port, typeof paths === 'string' ? paths : (paths ?? []).join('\n')]),
  );
}
