import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { chosenNormalization } from '../../src/kit/net/exchange/normalization-presets.ts';
import { fail } from '../../src/core/failure.ts';
import { extractFeatures, type ImageSet } from '../../src/kit/face/features/extract-features.ts';
import { namedImages, type ImageSources } from '../../src/kit/face/features/named-images.ts';
import type { Stage } from '../../src/stage-api/stage.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { failures } from './failures.ts';

/** Parts of a path that the development kit's names have: `<person>/<image>`, `<digits>/<user>/<image>`. */
const nameParts = { probes: 2, distractors: 3 } as const;

/** Embeds probes and distractors; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, scratch, signal, cpus } = context;
  const sets: ImageSet[] = [];
  try {
    sets.push(...imageSets(inputs, outputs));
    for (const folder of [outputs.probes, outputs.distractors]) makeOwnFolder(folder);
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
      suffix: ({ height, width }) => `_${params.algorithm}_${height}x${width}`,
      sets,
      emit: (event) => {
        context.emit(event);
      },
    });
    for (const { name, images, unreadable } of extracted) {
      context.emit({ type: 'metric', name, value: images });
      context.emit({ type: 'metric', name: `${name} unreadable`, value: unreadable });
    }
    context.emit({ type: 'metric', name: 'columns', value: extracted[0]?.columns ?? 0 });
  } finally {
    for (const { images } of sets) images.close();
  }
};

/** What is bound, probes first. */
function* imageSets(inputs: Inputs, outputs: Outputs): Generator<ImageSet> {
  const sources: Readonly<Record<keyof typeof nameParts, ImageSources>> = {
    probes: { images: inputs.probes, list: inputs.probeList, dataset: inputs.probeSet },
    distractors: { images: inputs.distractors, list: inputs.distractorList, dataset: inputs.distractorSet },
  };
  let count = 0;
  for (const name of ['probes', 'distractors'] as const) {
    const { images, list, dataset } = sources[name];
    if (list !== undefined && images === undefined) fail(failures.listWithoutImages({ name }, { file: list }));
    if (images === undefined && dataset === undefined) continue;
    count += 1;
    yield { name, images: namedImages(sources[name], { parts: nameParts[name] }), folder: outputs[name] };
  }
  if (count === 0) fail(failures.nothingToEmbed({}));
}
