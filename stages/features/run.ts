import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { extractFeatures } from '../../src/kit/face/features/extract-features.ts';
import { type ImageSources, namedImages } from '../../src/kit/face/features/named-images.ts';
import { openPackedSet } from '../../src/kit/dataset/open-packed-set.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';

/** Embeds images; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, scratch, signal, cpus } = context;
  const images = namedImages({ ...inputs, dataset: await datasetOf(context) }, { areFiles: params.layout === 'files' });
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

/** A packed set that may be damaged is looked through first, unless other inputs are there that it cannot be combined with. */
function datasetOf({
  inputs: { dataset, images, list },
  params,
  ...context
}: StageContext<Params, Inputs, Outputs>): Promise<ImageSources['dataset']> {
  const isDamageable = params.unreadable === 'drop' && images === undefined && list === undefined;
  return dataset === undefined || !isDamageable ? Promise.resolve(dataset) : openPackedSet(dataset, 'drop', context);
}
