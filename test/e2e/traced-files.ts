import { execFile, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { promisify } from 'node:util';

/** Whether strace is there and may trace (containers may forbid it). */
export const canTrace = spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;

/** Runs a program, which must end well; what it and all it starts do with files is in `trace` afterwards. */
export async function runTraced(
  trace: string,
  command: readonly string[],
  options: { readonly cwd: string; readonly env: Readonly<Record<string, string | undefined>> },
): Promise<void> {
  const calls = 'trace=execve,clone,clone3,fork,vfork,open,openat,openat2';
  const strace = ['-f', '-qq', '--seccomp-bpf', '-s', '8192', '-e', calls, '-o', trace];
  await promisify(execFile)('strace', [...strace, ...command], { ...options, timeout: 60_000 });
}

/**
 * The files and folders that the processes whose command line has `mark` (and all they start) opened to read, as
 * absolute paths, without those that were not there.
 */
export function filesReadBy(mark: string, trace: string, workingFolder: string): string[] {
  const traced = new Set<string>();
  const files = new Set<string>();
  for (const { process, call, args, result } of callsIn(trace)) {
    if (call === 'execve') {
      if (args.includes(mark)) traced.add(process);
    } else if (call.startsWith('open')) {
      const path = /"((?:[^"\\]|\\.)*)"/.exec(args)?.[1];
      if (path === undefined || !traced.has(process) || result < 0 || args.includes('O_WRONLY')) continue;
      files.add(resolve(workingFolder, unescaped(path)));
    } else if (result > 0 && traced.has(process)) {
      traced.add(String(result));
    }
  }
  return [...files].sort();
}

interface Call {
  readonly process: string;
  readonly call: string;
  readonly args: string;
  readonly result: number;
}

/** Calls in the order in which they ended; strace tells of those that others came in between in two lines. */
function* callsIn(trace: string): Generator<Call> {
  const begun = new Map<string, string>();
  for (const line of readFileSync(trace, 'latin1').split('\n')) {
    const [, process = '', text = ''] = /^(\d+) +([^ ].*)$/.exec(line) ?? [];
    const unfinished = /^(.*) <unfinished \.\.\.>$/.exec(text)?.[1];
    if (unfinished !== undefined) begun.set(process, unfinished);
    if (unfinished !== undefined) continue;
    const resumed = /^<\.\.\. \w+ resumed>(.*)$/.exec(text)?.[1];
    const whole = resumed === undefined ? text : `${begun.get(process) ?? ''}${resumed}`;
    const [, call, args, result] = /^(\w+)\((.*)\) += (-?\d+)/.exec(whole) ?? [];
    if (call !== undefined && args !== undefined) yield { process, call, args, result: Number(result) };
  }
}

/** strace writes bytes beyond ASCII in octal. */
function unescaped(path: string): string {
  const bytes = path.replaceAll(/\\([0-7]{1,3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8)));
  return Buffer.from(bytes.replaceAll(/\\(.)/g, '$1'), 'latin1').toString('utf8');
}
