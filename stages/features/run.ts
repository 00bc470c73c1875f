import { basename, join } from 'node:path';
import type { Failure } from '../../src/core/failure.ts';
import type { Stage, StageContext } from '../../src/stage-api/stage.ts';
import { embedImages } from '../../src/kit/face/embed-images.ts';
import { unitSum } from '../../src/kit/face/pair-distances.ts';
import { licencesOfModels, researchNotice } from '../../src/kit/net/model/weight-licences.ts';
import { loadEmbedder } from '../../src/kit/net/sessions/embedder.ts';
import type { Embedder } from '../../src/kit/net/sessions/inference-session.ts';
import type { Inputs, Outputs, Params } from './contract.ts';
import { namedImages, type NamedImages } from './images.ts';
import { RowFile } from './row-file.ts';
import { writeFeatures } from './write-features.ts';

/** How often the stage reports that it can resume from here. */
const checkpointMs = 5000;

type Context = StageContext<Params, Inputs, Outputs>;

/** Embeds images; see README.md. */
export const run: Stage<Params, Inputs, Outputs> = async (context) => {
  const { inputs, outputs, params, engine, scratch } = context;
  const images = namedImages(inputs, params.layout);
  const notice = researchNotice(licencesOfModels(inputs.model));
  if (notice !== undefined) context.emit({ type: 'log', level: 'warning', message: notice });
  warnOfPassedOver(context, images);
  const files: RowFile[] = [];
  try {
    let columns = 0;
    for (const [index, path] of inputs.model.entries()) {
      const embedder = await loadEmbedder({
        ...{ model: path, engine, threads: context.cpus },
        normalization: params.normalization,
      });
      const file = new RowFile(join(scratch, `rows-${index}`), embedder.embeddingSize);
      files.push(file);
      columns += embedder.embeddingSize;
      try {
        await embedAll(context, { embedder, images, file });
      } finally {
        await embedder.dispose();
      }
    }
    const models = inputs.model.map((path) => basename(path));
    writeFeatures({ images, files, columns, models, engine, params, folder: outputs.features });
    context.emit({ type: 'metric', name: 'images', value: files[0]?.count ?? 0 });
    context.emit({ type: 'metric', name: 'columns', value: columns });
  } finally {
    for (const file of files) file.close();
    images.close();
  }
};

function warnOfPassedOver(context: Context, { passedOver: names = [] }: NamedImages): void {
  if (names.length === 0) return;
  const shown = `${names.slice(0, 3).join(', ')}${names.length > 3 ? ' ...' : ''}`;
  const message = `images that are not in the folder of an identity get no row: ${names.length}, ${shown}`;
  context.emit({ type: 'log', level: 'warning', message });
}

interface Pass {
  readonly embedder: Embedder;
  readonly images: NamedImages;
  readonly file: RowFile;
}

/** Continues after the rows that are there; every image gets the unit sum of both its orientations. */
async function embedAll(context: Context, { embedder, images, file }: Pass): Promise<void> {
  const { params, signal } = context;
  context.emit({ type: 'log', level: 'info', message: `computing with ${embedder.computesWith}` });
  const begin = file.next;
  const remaining = { length: images.length - begin, at: (index: number) => images.at(begin + index) };
  const skipped = new Set<number>();
  const onUndecodable =
    params.unreadable === 'fail'
      ? undefined
      : (index: number, failure: Failure) => {
          skipped.add(index);
          context.emit({ type: 'log', level: 'warning', message: `skipped: ${failure.message}` });
        };
  const started = performance.now();
  let saidAt = started;
  const unit = new Float64Array(embedder.embeddingSize);
  for await (const batch of embedImages({ embedder, images: remaining, batch: params.batch, signal, onUndecodable })) {
    for (let place = 0; place < batch.count; place += 1) {
      if (skipped.has(batch.start + place)) continue;
      const row = [place * unit.length, (place + 1) * unit.length] as const;
      unitSum([batch.original.subarray(...row), batch.mirrored.subarray(...row)], unit);
      file.add({ position: begin + batch.start + place, values: Float32Array.from(unit) });
    }
    const done = batch.start + batch.count;
    const rate = done / ((performance.now() - started) / 1000);
    context.emit({
      type: 'progress',
      done: begin + done,
      total: images.length,
      unit: 'images',
      figures: { 'images/s': rate },
    });
    if (performance.now() - saidAt < checkpointMs) continue;
    saidAt = performance.now();
    context.emit({ type: 'checkpoint', step: begin + done });
  }
}
