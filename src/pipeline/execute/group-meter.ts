import { readdirSync, readFileSync } from 'node:fs';
import type { Usage } from './worker-message.ts';

const sampleMs = 500;

/** Clock ticks per second in /proc/<pid>/stat: 100 on every Linux that Node runs on (`getconf CLK_TCK`). */
const tickMs = 10;

/**
 * Measures a process group of foreign programs by looking at /proc now and then: the sum of the resident memory of its
 * members at each look, and their processor time and I/O as last seen. Short tasks are not measured.
 */
export class GroupMeter {
  readonly #group: number | undefined;
  readonly #timer: NodeJS.Timeout;
  readonly #members = new Map<number, { cpuMs: number; readBytes: number; writtenBytes: number }>();
  #peakMemoryBytes = 0;

  constructor(group: number | undefined) {
    this.#group = group;
    this.#timer = setInterval(() => {
      this.#look();
    }, sampleMs);
    this.#timer.unref();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  usage(): Usage | undefined {
    if (this.#peakMemoryBytes === 0) return undefined;
    const sum = (of: 'cpuMs' | 'readBytes' | 'writtenBytes'): number =>
      [...this.#members.values()].reduce((total, member) => total + member[of], 0);
    return {
      peakMemoryBytes: this.#peakMemoryBytes,
      cpuMs: sum('cpuMs'),
      readBytes: sum('readBytes'),
      writtenBytes: sum('writtenBytes'),
    };
  }

  #look(): void {
    let residentBytes = 0;
    for (const pid of processIds()) {
      const fields = statFields(pid);
      if (Number(fields[2]) !== this.#group) continue;
      residentBytes += numberAfter('VmRSS:', `/proc/${pid}/status`) * 1024;
      this.#members.set(pid, {
        // utime and stime, fields 14 and 15 of proc_pid_stat(5).
        cpuMs: (Number(fields[11]) + Number(fields[12])) * tickMs,
        readBytes: numberAfter('rchar:', `/proc/${pid}/io`),
        writtenBytes: numberAfter('wchar:', `/proc/${pid}/io`),
      });
    }
    this.#peakMemoryBytes = Math.max(this.#peakMemoryBytes, residentBytes);
  }
}

function processIds(): number[] {
  try {
    return readdirSync('/proc').map(Number).filter(Number.isInteger);
  } catch {
    return [];
  }
}

/** Fields of /proc/<pid>/stat from the third (state) on: the second may hold spaces. */
function statFields(pid: number): string[] {
  const text = tryRead(`/proc/${pid}/stat`);
  return text.slice(text.lastIndexOf(')') + 2).split(' ');
}

function numberAfter(label: string, path: string): number {
  const line = tryRead(path)
    .split('\n')
    .find((each) => each.startsWith(label));
  return line === undefined ? 0 : Number.parseInt(line.slice(label.length), 10);
}

function tryRead(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
