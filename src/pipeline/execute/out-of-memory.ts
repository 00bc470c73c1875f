import { readFileSync } from 'node:fs';

/** How often the kernel has killed for want of memory: the counters of the machine and of our control group. */
export function kernelKills(sources: readonly string[] = ['/proc/vmstat', '/sys/fs/cgroup/memory.events']): number {
  return sources.reduce((sum, source) => sum + counter(source), 0);
}

function counter(path: string): number {
  try {
    return Number(/^oom_kill (\d+)$/m.exec(readFileSync(path, 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/** What V8, the C++ library and TensorFlow print when they are refused memory. */
const outOfMemoryMessages =
  /JavaScript heap out of memory|Allocation failed - JavaScript|std::bad_alloc|OOM when allocating/;

export interface Death {
  readonly signal: string | null;
  /** {@link kernelKills} before and after. */
  readonly killsBefore: number;
  readonly killsAfter: number;
  /** The last lines the process printed. */
  readonly printed: readonly string[];
}

/** Whether a process died of want of memory: killed by the kernel, or by itself with the words known for it. */
export function diedOfMemory({ signal, killsBefore, killsAfter, printed }: Death): boolean {
  if (signal === 'SIGKILL' && killsAfter > killsBefore) return true;
  return printed.some((line) => outOfMemoryMessages.test(line));
}
