import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** Names a process for good: process ids are used again, together with the start time they are not. */
export interface ProcessIdentity {
  /** Machine, boot and process-id namespace: where `pid` means something. */
  readonly host: string;
  readonly pid: number;
  /** Clock ticks since boot at which the process started; empty where the system does not say. */
  readonly started: string;
}

/** The identity of a process of this machine; undefined where there is no such process. */
export function identify(pid: number, host = thisHost()): ProcessIdentity | undefined {
  const started = startOf(pid);
  return started === undefined ? undefined : { host, pid, started };
}

/** `elsewhere`: it belongs to another machine (or container), which can tell, but we cannot. */
export function livenessOf(identity: ProcessIdentity, host = thisHost()): 'alive' | 'dead' | 'elsewhere' {
  if (identity.host !== host) return 'elsewhere';
  return startOf(identity.pid) === identity.started ? 'alive' : 'dead';
}

let knownHost: string | undefined;

/** Machine, boot and process-id namespace as one line. */
export function thisHost(): string {
  knownHost ??= [hostname(), tryRead('/proc/sys/kernel/random/boot_id'), pidNamespace()].join(' ');
  return knownHost;
}

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

/** Field 22 of /proc/<pid>/stat (proc(5)); zombies (state Z) have ended. Elsewhere than on Linux only existence is known. */
function startOf(pid: number): string | undefined {
  const stat = tryRead(`/proc/${pid}/stat`);
  if (stat === '') return isLinux() || !accepts(pid) ? undefined : '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' ? undefined : fields[19];
}

function isLinux(): boolean {
  return tryRead('/proc/self/stat') !== '';
}

function accepts(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return '';
  }
}
