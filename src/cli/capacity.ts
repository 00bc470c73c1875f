import { readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Capacity } from '../pipeline/execute/slots.ts';
import type { ProcessContext } from './flow-command.ts';

/** What of this machine tasks may share out among them: processors and as many tasks, or less where that was asked for. */
export function machineCapacity(
  asked: Partial<Pick<Capacity, 'jobs' | 'cpus'>>,
  surroundings: ProcessContext,
): Capacity {
  const cpus = Math.min(asked.cpus ?? Infinity, availableParallelism());
  return { jobs: asked.jobs ?? cpus, cpus, memoryBytes: memoryLimit(), gpus: graphicsProcessors(surroundings) };
}

/** What our control group may use, or the machine has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Those that `CUDA_VISIBLE_DEVICES` allows us, or all that the driver of NVIDIA lists. */
function graphicsProcessors({ environment }: ProcessContext): string[] {
  const allowed = environment['CUDA_VISIBLE_DEVICES'];
  if (allowed !== undefined) return allowed.split(',').filter((id) => id !== '' && id !== '-1');
  try {
    return readdirSync('/proc/driver/nvidia/gpus').map((_, index) => String(index));
  } catch {
    return [];
  }
}
