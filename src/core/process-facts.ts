import { readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names a process for good: process ids are used again, together with the start time they are not. */
export interface ProcessIdentity {
  /** Machine, boot and process-id namespace: where `pid` means something. */
  readonly host: string;
  readonly pid: number;
  /** Clock ticks since boot at which the process started; empty if the system does not tell. */
  readonly started: string;
}

/** The identity of a process of this machine; undefined if the process does not exist. */
export function identify(pid: number, host = thisHost()): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { host, pid, started };
}

/** `elsewhere`: it belongs to another machine (or container), and only that one can tell. */
export function livenessOf(identity: ProcessIdentity, host = thisHost()): 'alive' | 'dead' | 'elsewhere' {
  if (identity.host !== host) return 'elsewhere';
  return startOf(identity.pid) === identity.started ? 'alive' : 'dead';
}

let knownHost: string | undefined;

/** Machine, boot and process-id namespace as one line. */
export function thisHost(): string {
  knownHost ??= [hostname(), readIfThere('/proc/sys/kernel/random/boot_id'), pidNamespace()].join(' ');
  return knownHost;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Zombies have ended. On other systems than Linux only the existence of a process is known. */
function startOf(pid: number): string | undefined {
  const stat = processStat(pid);
  if (stat !== undefined) return stat.state === 'Z' ? undefined : stat.started;
  const isLinux = readIfThere('/proc/self/stat') !== '';
  return isLinux || !acceptsSignals(pid) ? undefined : '';
}

function acceptsSignals(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

/** Ids of all processes; empty if the system has no /proc. */
export function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** What /proc/<pid>/stat says of a process (proc_pid_stat(5)). */
export interface ProcessStat {
  /** One letter; `Z` is a zombie. */
  readonly state: string;
  /** Process group. */
  readonly group: number;
  /** Processor time of all threads, in user and kernel mode. */
  readonly cpuMs: number;
  /** Clock ticks since boot at which it started. */
  readonly started: string;
}

/** Whether a process of a group has not ended; false if the system has no /proc. */
export function runsInGroup(group: number): boolean {
  return processIds().some((pid) => {
    const stat = processStat(pid);
    return stat?.group === group && !hasEnded(stat);
  });
}

/** A process whose parent has not asked how it ended (a zombie) has ended. */
export function hasEnded({ state }: ProcessStat): boolean {
  return state === 'Z' || state === 'X';
}

/** Clock ticks per second in /proc/<pid>/stat: 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const tickMs = 10;

/** Undefined if the process does not exist, or the system has no /proc. */
export function processStat(pid: number): ProcessStat | undefined {
  const text = readIfThere(`/proc/${pid}/stat`);
  if (text === '') return undefined;
  // From the third field (state) on: the second, the name of the program, may hold spaces.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): string => fields[number - 3] ?? '';
  return {
    state: field(3),
    group: Number(field(5)),
    cpuMs: (Number(field(14)) + Number(field(15))) * tickMs,
    started: field(22),
  };
}

/** Bytes that a process has read and written by system calls, whether a disk was asked or not; 0 if unknown. */
export function processIo(pid: number | 'self'): { readonly readBytes: number; readonly writtenBytes: number } {
  const text = readIfThere(`/proc/${pid}/io`);
  return { readBytes: numberAfter('rchar', text) ?? 0, writtenBytes: numberAfter('wchar', text) ?? 0 };
}

/** Memory of a process that is resident now, and the most that ever was; undefined if unknown. */
export function processMemory(pid: number | 'self'): {
  readonly residentBytes: number | undefined;
  readonly peakBytes: number | undefined;
} {
  const text = readIfThere(`/proc/${pid}/status`);
  const bytesAfter = (label: string): number | undefined => {
    const kibibytes = numberAfter(label, text);
    return kibibytes === undefined ? undefined : kibibytes * 1024;
  };
  return { residentBytes: bytesAfter('VmRSS'), peakBytes: bytesAfter('VmHWM') };
}

function numberAfter(label: string, text: string): number | undefined {
  const found = new RegExp(`^${label}:\\s*(\\d+)`, 'm').exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/** The text of a small file without the white space around it; empty if it cannot be read. */
export function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
