import { humanBytes } from '../../core/human.ts';
import type { TaskSpec } from '../experiment/experiment.ts';
import type { Capacity } from './slots.ts';

/** In words, what a task asks for that there is not, since it runs all the same; undefined where there is enough. */
export function shortageOf({ stage, resources }: TaskSpec, there: Capacity): string | undefined {
  const { cpus, memoryBytes = 0, gpus } = resources;
  const short = [
    ...(gpus > there.gpus.length ? [`${there.gpus.length} of ${gpus} GPUs`] : []),
    ...(cpus !== 'all' && cpus > there.cpus ? [`${there.cpus} of ${cpus} processors`] : []),
    ...(memoryBytes > there.memoryBytes ? [`${humanBytes(there.memoryBytes)} of ${humanBytes(memoryBytes)}`] : []),
  ];
  return short.length === 0 ? undefined : `stage ${stage} runs with less than it asks for: ${short.join(', ')}`;
}
