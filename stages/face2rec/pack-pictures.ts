import { compiledModule } from '../../src/core/package-folder.ts';
import { digestOf } from '../../src/core/digest.ts';
import { FailureError, type Failure } from '../../src/core/failure.ts';
import { mapInOrder } from '../../src/core/ordered-workers.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import {
  DatasetWriter,
  type DatasetManifest,
  type DatasetWriterOptions,
} from '../../src/kit/dataset/dataset-writer.ts';
import { requireEqualSize, type SizedPicture } from '../../src/kit/image/picture-file.ts';
import type { AlignmentRules } from './align-picture.ts';
import { pictureName } from './load-picture.ts';
import type { Picture } from './picture-source.ts';
import type { PackingPlan } from './plan-packing.ts';
import { PicturePreparer, type Preparation, type PreparationJob } from './prepare-picture.ts';

export interface PackingOptions {
  readonly folder: string;
  readonly writer: DatasetWriterOptions;
  readonly rules: AlignmentRules;
  /** A picture that cannot be used fails the packing; otherwise it is named, counted and left out. */
  readonly strict: boolean;
  readonly duplicates: 'ignore' | 'report' | 'drop';
  /** Identities that have fewer once pictures are left out are named. */
  readonly minImagesPerIdentity: number;
  /** Threads that align; 1: none besides this one. */
  readonly threads: number;
}

export interface Packed {
  readonly manifest: DatasetManifest;
  readonly unusable: number;
  readonly duplicates: number;
  /** Size of all pictures, and the first of them; undefined where nothing was packed. */
  readonly size: SizedPicture | undefined;
}

type Context = Pick<StageContext, 'emit' | 'signal'>;

/** Packs the pictures of a plan in their order, in memory that does not grow with their number. */
export async function packPictures(plan: PackingPlan, options: PackingOptions, context: Context): Promise<Packed> {
  const packing = new Packing(options, context);
  const progress = new WorkProgress(context, 'images', plan.imageCount);
  try {
    await (options.threads < 2 || !plan.anyUnaligned ? packHere : packWithThreads)(
      plan,
      options,
      (picture, prepared) => {
        packing.add(picture, prepared);
        return progress.step();
      },
    );
    progress.end();
    return packing.finish();
  } catch (error) {
    packing.abandon();
    throw error;
  }
}

type Add = (picture: Picture, prepared: Preparation) => Promise<void> | undefined;

/** Aligned pictures are only copied, which one thread does as fast as a disk; others are decoded by several. */
async function packHere(plan: PackingPlan, { rules }: PackingOptions, add: Add): Promise<void> {
  const preparer = new PicturePreparer();
  for (const picture of plan.pictures()) {
    const prepared = preparer.prepare({ picture, rules });
    // Waiting for what is here already costs as much as reading it.
    const pause = add(picture, prepared instanceof Promise ? await prepared : prepared);
    if (pause !== undefined) await pause;
  }
}

async function packWithThreads(plan: PackingPlan, { rules, threads }: PackingOptions, add: Add): Promise<void> {
  const inHand: Picture[] = [];
  const jobs = function* (): Generator<PreparationJob> {
    for (const picture of plan.pictures()) {
      inHand.push(picture);
      yield { picture, rules };
    }
  };
  const worker = compiledModule('stages/face2rec/prepare-worker.ts');
  for await (const prepared of mapInOrder<PreparationJob, Preparation>(jobs(), worker, threads)) {
    const picture = inHand.shift();
    if (picture !== undefined) await add(picture, prepared);
  }
}

/** Pictures on their way into a set. */
class Packing {
  readonly #options: PackingOptions;
  readonly #context: Context;
  readonly #writer: DatasetWriter;
  /** First picture with this content. */
  readonly #seen = new Map<string, string>();
  /** Pictures that were packed, by label. */
  readonly #packed = new Map<number, number>();
  /** Names of the identities, by label, of which pictures were left out. */
  readonly #reduced = new Map<number, string>();
  #size: SizedPicture | undefined;
  #unusable = 0;
  #duplicates = 0;

  constructor(options: PackingOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#writer = new DatasetWriter(options.folder, options.writer);
  }

  add(picture: Picture, prepared: Preparation): void {
    if (prepared.outcome === 'unusable') {
      this.#leaveOut(picture, prepared.failures);
      return;
    }
    this.#size ??= { width: prepared.width, height: prepared.height, path: pictureName(picture) };
    requireEqualSize(prepared, pictureName(picture), this.#size);
    if (this.#isUnwantedDuplicate(picture, prepared.bytes)) {
      this.#reduced.set(picture.label, picture.identity);
      return;
    }
    this.#writer.add(picture.label, picture.aligned, prepared.bytes);
    this.#packed.set(picture.label, (this.#packed.get(picture.label) ?? 0) + 1);
  }

  finish(): Packed {
    this.#nameThinIdentities();
    const manifest = this.#writer.finish(this.#size ?? { width: 0, height: 0 });
    return { manifest, unusable: this.#unusable, duplicates: this.#duplicates, size: this.#size };
  }

  abandon(): void {
    this.#writer.abandon();
  }

  #leaveOut(picture: Picture, failures: readonly [Failure, ...Failure[]]): void {
    if (this.#options.strict) throw new FailureError(failures);
    this.#unusable += 1;
    this.#reduced.set(picture.label, picture.identity);
    this.#warn(`left out ${pictureName(picture)}: ${failures[0].message}`);
  }

  /** Labels are given before pictures are read, so an identity that loses too many keeps its own. */
  #nameThinIdentities(): void {
    const { minImagesPerIdentity: least } = this.#options;
    const thin = [...this.#reduced].filter(([label]) => (this.#packed.get(label) ?? 0) < least);
    if (thin.length === 0) return;
    const names = thin.slice(0, 3).map(([label, name]) => `${name} (${this.#packed.get(label) ?? 0})`);
    const more = thin.length > names.length ? ' ...' : '';
    this.#warn(
      `identities that have fewer than ${least} pictures now that some were left out: ${thin.length}; they keep their labels: ${names.join(', ')}${more}`,
    );
  }

  #isUnwantedDuplicate(picture: Picture, bytes: Uint8Array): boolean {
    const { duplicates } = this.#options;
    if (duplicates === 'ignore') return false;
    const name = pictureName(picture);
    const digest = digestOf(bytes).slice(0, 32);
    const first = this.#seen.get(digest);
    if (first === undefined) {
      this.#seen.set(digest, name);
      return false;
    }
    this.#duplicates += 1;
    this.#warn(`${name} has the same content as ${first}${duplicates === 'drop' ? ' and is left out' : ''}`);
    return duplicates === 'drop';
  }

  #warn(message: string): void {
    this.#context.emit({ type: 'log', level: 'warning', message });
  }
}
