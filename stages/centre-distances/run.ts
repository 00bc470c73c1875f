import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { join } from 'node:path';
import type { Stage } from '../../src/stage-api/stage.ts';
import { writeCentreListing } from '../../src/kit/face/centre-listing.ts';
import { embedSet } from '../../src/kit/face/embed-set.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Lists how far images are from the centres of their identities; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, cpus: threads, signal, scratch } = context;
  const set = await embedSet({
    ...{ ...inputs, rowsFile: join(scratch, 'rows'), engine, threads, signal },
    ...{ batch: params.batch, normalization: chosenNormalization(params.normalization) },
    emit: (event) => {
      context.emit(event);
    },
  });
  try {
    const cosines = set.centreCosines();
    writeCentreListing(outputs.c2c, set.set, cosines);
    context.emit({ type: 'metric', name: 'images', value: cosines.length });
    context.emit({ type: 'metric', name: 'identities', value: set.identities.length });
    context.emit({
      type: 'metric',
      name: 'mean cosine',
      value: cosines.reduce((sum, each) => sum + each, 0) / cosines.length,
    });
  } finally {
    set.close();
  }
};
