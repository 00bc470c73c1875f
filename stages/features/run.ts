import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { extractFeatures } from '../../src/kit/face/features/extract-features.ts';
import { namedImages } from '../../src/kit/face/features/named-images.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Embeds images; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, scratch, signal, cpus } = context;
  const images = namedImages(inputs, { areFiles: params.layout === 'files' });
  try {
    const extracted = await extractFeatures({
      ...{
        models: inputs.model,
        normalization: chosenNormalization(params.normalization),
        engine,
        threads: cpus,
        scratch,
        signal,
      },
      ...{ batch: params.batch, unreadable: params.unreadable, layout: params.layout },
      ...{ output: params.outputs?.[0], input: params.input },
      suffix: () => params.suffix,
      sets: [{ name: 'features', images, folder: outputs.features }],
      emit: (event) => {
        context.emit(event);
      },
    });
    for (const set of extracted) {
      context.emit({ type: 'metric', name: 'images', value: set.images });
      context.emit({ type: 'metric', name: 'embedded', value: set.images - set.unreadable });
      context.emit({ type: 'metric', name: 'unreadable', value: set.unreadable });
      context.emit({ type: 'metric', name: 'columns', value: set.columns });
    }
  } finally {
    images.close();
  }
};
