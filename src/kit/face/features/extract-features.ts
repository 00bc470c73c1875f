import { basename, join } from 'node:path';
import type { EngineIdentity } from '../../../core/engine-identity.ts';
import { fail, type Failure } from '../../../core/failure.ts';
import type { InputNormalization } from '../../net/exchange/model-format.ts';
import { licencesOfModels, researchNotice } from '../../net/model/weight-licences.ts';
import { loadEmbedder } from '../../net/sessions/embedder.ts';
import type { Embedder } from '../../net/sessions/inference-session.ts';
import type { ImageSize } from '../../image/rgb-image.ts';
import { DecoderThreads } from '../decoder-threads.ts';
import { embedRows } from './embed-rows.ts';
import { type EmbeddingEvent, embeddingProgress } from './embedding-progress.ts';
import { failures } from './failures.ts';
import { type ContractedModel, featureContract } from './feature-contract.ts';
import type { FeatureLayout } from './feature-index.ts';
import type { NamedImages } from './named-images.ts';
import { RowFile } from './row-file.ts';
import { writeRows } from './write-rows.ts';

/** What {@link extractFeatures} tells; a subset of what a stage may emit. */
export type ExtractionEvent =
  { readonly type: 'log'; readonly level: 'info' | 'warning'; readonly message: string } | EmbeddingEvent;

/** Images whose features go into one folder. */
export interface ImageSet {
  /** For people. */
  readonly name: string;
  readonly images: NamedImages;
  /** Where the features are written. */
  readonly folder: string;
}

export interface Extraction {
  /** Model folders or files of any format; the rows of several are put behind each other. */
  readonly models: readonly string[];
  readonly normalization?: InputNormalization | undefined;
  /** As `EmbedderOptions` have them. */
  readonly output?: string | undefined;
  readonly input?: ImageSize | undefined;
  readonly engine: EngineIdentity;
  /** How many threads may be kept busy. */
  readonly threads: number;
  /** Images at a time. */
  readonly batch: number;
  /** An image that cannot be decoded (skip), or has another size than the network's too (drop): a failure, or it gets no row and is named. */
  readonly unreadable: 'fail' | 'skip' | 'drop';
  readonly layout: FeatureLayout;
  /** Of the file names in the layout `files`, by the size of the images. */
  readonly suffix: (size: ImageSize) => string;
  readonly sets: readonly ImageSet[];
  /** A folder in which rows are kept while they are computed: a next call continues after them. */
  readonly scratch: string;
  readonly signal: AbortSignal;
  readonly emit: (event: ExtractionEvent) => void;
}

/** What became of the images of a set. */
export interface ExtractedSet {
  readonly name: string;
  readonly images: number;
  readonly unreadable: number;
  readonly columns: number;
}

/** More decode no faster than the fastest network on a processor computes. */
const mostDecoders = 4;

/**
 * Embeds sets of images with one or several networks, each image as it is and mirrored, the sum brought to length 1, and writes a
 * folder of features for each set. Images are read and decoded in threads of their own while the network computes. Fails with
 * the codes of {@link loadEmbedder} and {@link embedRows}, and with `nothing-embedded`.
 */
export async function extractFeatures(extraction: Extraction): Promise<readonly ExtractedSet[]> {
  const { models, sets, scratch, emit } = extraction;
  const notice = researchNotice(licencesOfModels(models));
  if (notice !== undefined) emit({ type: 'log', level: 'warning', message: notice });
  for (const set of sets) warnOfPassedOver(extraction, set);
  const files = sets.map((): RowFile[] => []);
  try {
    const contracted: ContractedModel[] = [];
    for (const [model, path] of models.entries()) {
      const { normalization, engine, threads, output, input } = extraction;
      const embedder = await loadEmbedder({ model: path, engine, threads, normalization, output, input });
      const { height, width, embeddingSize: columns } = embedder;
      contracted.push({ path, height, width, columns });
      for (const [index, rows] of files.entries()) {
        rows.push(new RowFile(join(scratch, `rows-${index}-${model}`), columns));
      }
      await embedSets(extraction, embedder, { model, files: files.map((rows) => rows[model]) });
    }
    const contract = featureContract(contracted, extraction.normalization, extraction.output);
    const columns = contracted.reduce((sum, each) => sum + each.columns, 0);
    const suffix = extraction.suffix(contracted[0] ?? { height: 0, width: 0 });
    return sets.map((set, index) => finish(extraction, set, { rows: files[index] ?? [], columns, contract, suffix }));
  } finally {
    for (const file of files.flat()) file.close();
  }
}

function warnOfPassedOver({ emit }: Extraction, { images: { passedOver } }: ImageSet): void {
  if (passedOver.length === 0) return;
  const shown = `${passedOver.slice(0, 3).join(', ')}${passedOver.length > 3 ? ' ...' : ''}`;
  const message = `images that are not in the folder of an identity get no row: ${passedOver.length}, ${shown}`;
  emit({ type: 'log', level: 'warning', message });
}

/** One network over all sets; ends with it. */
async function embedSets(
  extraction: Extraction,
  embedder: Embedder,
  { model, files }: { readonly model: number; readonly files: readonly (RowFile | undefined)[] },
): Promise<void> {
  const { sets, models, emit, batch } = extraction;
  const threads = Math.max(1, Math.min(mostDecoders, Math.floor(extraction.threads / 2)));
  const { unreadable } = extraction;
  const decoder = new DecoderThreads({
    size: embedder,
    batch,
    threads,
    otherSizes: unreadable === 'drop' ? 'skip' : 'fail',
  });
  try {
    emit({ type: 'log', level: 'info', message: `computing with ${embedder.computesWith}` });
    const all = sets.reduce((sum, { images }) => sum + images.length, 0);
    let before = model * all;
    for (const [index, { images }] of sets.entries()) {
      const file = files[index];
      if (file === undefined) throw new Error(`set ${index} has no file of rows`);
      await embedSet(extraction, { embedder, decoder, images, file, before, total: models.length * all });
      before += images.length;
    }
  } finally {
    await decoder.close();
    await embedder.dispose();
  }
}

interface Pass {
  readonly embedder: Embedder;
  readonly decoder: DecoderThreads;
  readonly images: NamedImages;
  readonly file: RowFile;
  /** Images of all passes that come before. */
  readonly before: number;
  readonly total: number;
}

/** Continues after the rows that are there. */
async function embedSet(extraction: Extraction, pass: Pass): Promise<void> {
  const { batch, signal, emit, unreadable } = extraction;
  const { embedder, decoder, images, file, before, total } = pass;
  const begin = file.next;
  if (begin > 0) emit({ type: 'log', level: 'info', message: `continuing after ${begin} of ${images.length} images` });
  const progress = embeddingProgress(emit, { total, known: before + begin });
  await embedRows({
    ...{ embedder, decoder, images, file, batch, signal },
    onUndecodable:
      unreadable === 'fail'
        ? undefined
        : (failure) => {
            tellSkipped(extraction, failure);
          },
    onProgress(done) {
      progress(before + done);
    },
  });
}

function tellSkipped({ emit }: Extraction, failure: Failure): void {
  emit({ type: 'log', level: 'warning', message: `skipped: ${failure.message}` });
}

interface Embedded {
  readonly rows: readonly RowFile[];
  readonly columns: number;
  readonly contract: string;
  readonly suffix: string;
}

function finish(extraction: Extraction, set: ImageSet, { rows, columns, contract, suffix }: Embedded): ExtractedSet {
  const { images, folder, name } = set;
  const { models, engine, layout, emit } = extraction;
  const embedded = rows[0]?.count ?? 0;
  const all = images.length + images.unreadable.length;
  if (embedded === 0) fail(failures.nothingEmbedded({ images: all }, { file: images.at(0)?.file ?? name }));
  const facts = { models: models.map((path) => basename(path)), engine, contract };
  const unreadable = writeRows({ images, files: rows, columns, layout, suffix, folder, facts });
  const message = `${name}: ${all} images, ${embedded} embedded, ${unreadable} unreadable`;
  emit({ type: 'log', level: unreadable === 0 ? 'info' : 'warning', message });
  return { name, images: all, unreadable, columns };
}
