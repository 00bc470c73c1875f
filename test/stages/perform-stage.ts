import type { Stage, StageEvent } from '../../src/stage-api/stage.ts';
import { temporaryFolder } from '../kit/dataset/tiny-faces.ts';

/** Runs a stage that infers nothing, in a scratch folder of its own; returns what it emitted. */
export async function perform<Params, Inputs, Outputs extends Readonly<Record<string, string>>>(
  stage: Stage<Params, Inputs, Outputs>,
  call: { readonly params: Params; readonly inputs: Inputs; readonly outputs: Outputs; readonly seed?: number },
): Promise<StageEvent[]> {
  const events: StageEvent[] = [];
  await stage({
    seed: 1,
    ...call,
    scratch: temporaryFolder(),
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return events;
}
