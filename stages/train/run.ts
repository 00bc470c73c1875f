import type { StageContext } from '../../src/stage-api/stage.ts';
import { loadBackend } from '../../src/kit/net/backends/load-backend.ts';
import { alone } from '../../src/kit/net/ranks/communicator.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { trainToTheEnd } from './train-to-the-end.ts';

/** Trains a network on a packed data set; see README.md. */
export async function run(context: StageContext<Params, Inputs, Outputs>): Promise<void> {
  const { ranks = 1 } = context;
  if (ranks > 1) {
    // Loaded where it is needed: most trainings have one rank.
    const { trainInRanks } = await import('./train-in-ranks.ts');
    await trainInRanks(context, ranks);
    return;
  }
  const { precision, xla } = context.params;
  const engine = await loadBackend(context.engine, { threads: context.cpus, precision, xla });
  await trainToTheEnd(context, engine, alone);
}
