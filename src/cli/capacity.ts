import { readdirSync } from 'node:fs';
import { availableParallelism, totalmem } from 'node:os';
import type { Capacity } from '../execute/slots.ts';
import type { Surroundings } from './flow-command.ts';

/** What of this machine tasks may share out among them. */
export function machineCapacity(jobs: number, surroundings: Surroundings): Capacity {
  return { jobs, cpus: availableParallelism(), memoryBytes: memoryLimit(), gpus: graphicsProcessors(surroundings) };
}

/** What our control group may use, or the machine has. */
function memoryLimit(): number {
  const constrained = process.constrainedMemory();
  return constrained > 0 ? Math.min(constrained, totalmem()) : totalmem();
}

/** Those that `CUDA_VISIBLE_DEVICES` allows us, or all that the driver of NVIDIA lists. */
function graphicsProcessors({ environment }: Surroundings): string[] {
  const allowed = environment['CUDA_VISIBLE_DEVICES'];
  if (allowed !== undefined) return allowed.split(',').filter((id) => id !== '' && id !== '-1');
  try {
    return readdirSync('/proc/driver/nvidia/gpus').map((_, index) => String(index));
  } catch {
    return [];
  }
}
