import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { fail, FailureError } from '../../core/failure.ts';
import { counted } from '../../core/human.ts';
import { packedFiles, propertyFile, type Property } from '../codec/insightface/property-file.ts';
import { decodeFile } from '../codec/read-file.ts';
import { faceLabelOf } from '../codec/mxnet/image-record.ts';
import { RecordIndex } from '../codec/mxnet/index-file.ts';
import { RecordFile } from '../codec/mxnet/record-file.ts';
import { surveyRecords } from '../codec/mxnet/survey-records.ts';
import { decodeImage } from '../image/image.ts';
import { JpegDecoder } from '../image/jpeg-decoder.ts';
import { failures } from './failures.ts';
import { type OnlyImages, PackedDataset } from './packed-dataset.ts';

/** What happens to a record that cannot be read: the stage fails, or it is named, counted and left out. */
export type Unreadable = 'fail' | 'drop';

/** What of the context of a stage is needed. */
export interface OpeningContext {
  readonly signal: AbortSignal;
  emit(event: OpeningEvent): void;
}

type OpeningEvent =
  | { readonly type: 'log'; readonly level: 'warning'; readonly message: string }
  | { readonly type: 'metric'; readonly name: string; readonly value: number }
  | { readonly type: 'progress'; readonly done: number; readonly total: number; readonly unit: string };

/** Records between looks at the clock. */
const lookEvery = 256;

/**
 * Opens a packed set. With `unreadable: drop` every record is read and every image decoded first; those that a training could
 * not use (a damaged frame, no class, no image, one of another size) are named in a warning each, counted in the figure
 * `unreadable records`, and left out. The set then holds the others in the order of the file, whatever its index says. Fails
 * as {@link PackedDataset} does, and with `nothing-readable`.
 */
export async function openPackedSet(
  folder: string,
  unreadable: Unreadable | undefined,
  context: OpeningContext,
): Promise<PackedDataset> {
  const records = join(folder, packedFiles.records);
  const property = join(folder, packedFiles.property);
  if (unreadable !== 'drop' || !existsSync(records) || !existsSync(property)) return new PackedDataset(folder);
  const file = new RecordFile(records);
  try {
    const survey = new Survey(file, decodeFile(propertyFile, property), context);
    return new PackedDataset(folder, await survey.readable());
  } finally {
    file.close();
  }
}

class Survey {
  readonly #records: RecordFile;
  readonly #property: Property;
  readonly #context: OpeningContext;
  readonly #decoder = new JpegDecoder();
  /** Under their numbers among all images of the file, a damaged stretch counting as one. */
  readonly #images = new RecordIndex();
  #dropped = 0;
  #firstProblem = '';

  constructor(records: RecordFile, property: Property, context: OpeningContext) {
    this.#records = records;
    this.#property = property;
    this.#context = context;
  }

  async readable(): Promise<OnlyImages> {
    const context = this.#context;
    let seen = 0;
    for (const each of surveyRecords(this.#records)) {
      if (each.found === 'damage') this.#drop(`bytes ${each.start} to ${each.end}`, each.problem);
      else await this.#consider(each.offset);
      seen += 1;
      if (seen % lookEvery !== 0) continue;
      await setImmediate();
      context.signal.throwIfAborted();
      const done = each.found === 'damage' ? each.end : each.offset;
      context.emit({ type: 'progress', done, total: this.#records.size, unit: 'bytes looked through' });
    }
    const kept = this.#images.size;
    if (kept === 0) {
      const facts = { dropped: this.#dropped, problem: this.#firstProblem };
      fail(failures.nothingReadable(facts, { file: this.#records.path }));
    }
    context.emit({ type: 'metric', name: 'unreadable records', value: this.#dropped });
    if (this.#dropped > 0) {
      const message = `left out ${counted(this.#dropped, 'record')} of ${this.#records.path} that cannot be read; ${counted(kept, 'image')} can`;
      context.emit({ type: 'log', level: 'warning', message });
    }
    return { images: this.#images, of: kept + this.#dropped };
  }

  /** Takes a record for an image of the set if a training could use it; records of identities hold none. */
  async #consider(offset: number): Promise<void> {
    const record = this.#records.readAt(offset);
    const name = `record ${record.id} at byte ${offset}`;
    if (record.payload.length === 0) {
      if (typeof record.label === 'number') this.#drop(name, 'it holds no image');
      return;
    }
    try {
      faceLabelOf({ ...record, offset }, this.#records.path, 'class');
      const origin = { file: this.#records.path, offset };
      const { width, height } = await decodeImage(record.payload, origin, { decoder: this.#decoder });
      const wanted = this.#property;
      if (width === wanted.width && height === wanted.height)
        this.#images.add(this.#images.size + this.#dropped, offset);
      else this.#drop(name, `it is ${width} x ${height}, the set ${wanted.width} x ${wanted.height}`);
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      this.#drop(name, error.failures[0].message);
    }
  }

  #drop(name: string, problem: string): void {
    this.#dropped += 1;
    if (this.#dropped === 1) this.#firstProblem = problem;
    this.#context.emit({ type: 'log', level: 'warning', message: `left out ${name}: ${problem}` });
  }
}
