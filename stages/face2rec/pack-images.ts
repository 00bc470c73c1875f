import { compiledModule } from '../../src/core/package-folder.ts';
import { digestOf } from '../../src/core/digest.ts';
import { fail, FailureError, type Failure } from '../../src/core/failure.ts';
import { WorkerPool } from '../../src/core/worker-pool.ts';
import type { StageContext } from '../../src/stage-api/stage.ts';
import { WorkProgress } from '../../src/stage-api/work-progress.ts';
import {
  DatasetWriter,
  type DatasetManifest,
  type DatasetWriterOptions,
} from '../../src/kit/dataset/dataset-writer.ts';
import { requireEqualSize, type FirstImage } from '../../src/kit/image/image-file.ts';
import { failures as stageFailures } from './failures.ts';
import { imageName, type SourceImage } from './image-source.ts';
import type { PackingPlan } from './plan-packing.ts';
import { ImagePreparer, type AlignmentRules, type Preparation, type PreparationJob } from './prepare-image.ts';

export interface PackingOptions {
  /** Where the images come from, for failures. */
  readonly source: string;
  /** An image whose size those of the set have to have. */
  readonly sizedAs: FirstImage | undefined;
  readonly folder: string;
  readonly writer: DatasetWriterOptions;
  readonly rules: AlignmentRules;
  /** An image that cannot be used fails the packing; otherwise it is named, counted and left out. */
  readonly strict: boolean;
  readonly duplicates: 'ignore' | 'report' | 'drop';
  /** Identities that have fewer once images are left out are named. */
  readonly minImagesPerIdentity: number;
  /** Write who each class is. */
  readonly names: boolean;
  /** Threads that align; 1: none apart from this one. */
  readonly threads: number;
}

export interface Packed {
  readonly manifest: DatasetManifest;
  readonly unusable: number;
  readonly duplicates: number;
  /** Size of all images, and the first of them; undefined where nothing was packed. */
  readonly size: FirstImage | undefined;
}

type Context = Pick<StageContext, 'emit' | 'signal'>;

/** Packs the images of a plan in their order, in memory that does not grow with their number. */
export async function packImages(plan: PackingPlan, options: PackingOptions, context: Context): Promise<Packed> {
  const packing = new Packing(options, context);
  const progress = new WorkProgress(context, 'images', plan.imageCount);
  try {
    await (options.threads < 2 || !plan.anyUnaligned ? packHere : packWithThreads)(plan, options, (image, prepared) => {
      packing.add(image, prepared);
      return progress.step();
    });
    progress.end();
    return packing.finish();
  } catch (error) {
    packing.abandon();
    throw error;
  }
}

type Add = (image: SourceImage, prepared: Preparation) => Promise<void> | undefined;

/** Aligned images are only copied, which one thread does as fast as a disk; others are decoded by several. */
async function packHere(plan: PackingPlan, { rules }: PackingOptions, add: Add): Promise<void> {
  const preparer = new ImagePreparer();
  for (const image of plan.images()) {
    const prepared = preparer.prepare({ image, rules });
    // Waiting for what is here already costs as much as reading it.
    const pause = add(image, prepared instanceof Promise ? await prepared : prepared);
    if (pause !== undefined) await pause;
  }
}

async function packWithThreads(plan: PackingPlan, { rules, threads }: PackingOptions, add: Add): Promise<void> {
  const waiting: SourceImage[] = [];
  const jobs = function* (): Generator<PreparationJob> {
    for (const image of plan.images()) {
      waiting.push(image);
      yield { image, rules };
    }
  };
  const module = compiledModule('stages/face2rec/prepare-worker.ts');
  const pool = new WorkerPool<undefined, PreparationJob, Preparation>({ module, threads, setup: undefined });
  try {
    for await (const prepared of pool.mapInOrder(jobs())) {
      const image = waiting.shift();
      if (image !== undefined) await add(image, prepared);
    }
  } finally {
    await pool.close();
  }
}

/** Images on their way into a set. */
class Packing {
  readonly #options: PackingOptions;
  readonly #context: Context;
  readonly #writer: DatasetWriter;
  /** First image with this content. */
  readonly #seen = new Map<string, string>();
  /** Images that were packed, by label. */
  readonly #packed = new Map<number, number>();
  /** Names of the identities, by label, of which images were left out. */
  readonly #reduced = new Map<number, string>();
  #size: FirstImage | undefined;
  #unusable = 0;
  #duplicates = 0;

  constructor(options: PackingOptions, context: Context) {
    this.#options = options;
    this.#context = context;
    this.#size = options.sizedAs;
    this.#writer = new DatasetWriter(options.folder, options.writer);
  }

  add(image: SourceImage, prepared: Preparation): void {
    if (prepared.outcome === 'unusable') {
      this.#leaveOut(image, prepared.failures);
      return;
    }
    this.#size ??= { width: prepared.width, height: prepared.height, path: imageName(image) };
    requireEqualSize(prepared, imageName(image), this.#size);
    if (this.#isUnwantedDuplicate(image, prepared.bytes)) {
      this.#reduced.set(image.label, image.identity);
      return;
    }
    this.#writer.add(image.label, image.aligned, prepared.bytes);
    if (this.#options.names && !this.#packed.has(image.label) && isName(image.identity)) {
      this.#writer.addName(image.label, image.identity);
    }
    this.#packed.set(image.label, (this.#packed.get(image.label) ?? 0) + 1);
  }

  finish(): Packed {
    if (this.#packed.size === 0) {
      const facts = { unusable: this.#unusable, duplicates: this.#duplicates };
      fail(stageFailures.nothingUsable(facts, { file: this.#options.source }));
    }
    this.#nameThinIdentities();
    const manifest = this.#writer.finish(this.#size ?? { width: 0, height: 0 });
    return { manifest, unusable: this.#unusable, duplicates: this.#duplicates, size: this.#size };
  }

  abandon(): void {
    this.#writer.abandon();
  }

  #leaveOut(image: SourceImage, failures: readonly [Failure, ...Failure[]]): void {
    if (this.#options.strict) throw new FailureError(failures);
    this.#unusable += 1;
    this.#reduced.set(image.label, image.identity);
    this.#warn(`left out ${imageName(image)}: ${failures[0].message}`);
  }

  /** Labels are given before images are read, so an identity that loses too many keeps its own. */
  #nameThinIdentities(): void {
    const { minImagesPerIdentity: min } = this.#options;
    const thin = [...this.#reduced].filter(([label]) => (this.#packed.get(label) ?? 0) < min);
    if (thin.length === 0) return;
    const names = thin.slice(0, 3).map(([label, name]) => `${name} (${this.#packed.get(label) ?? 0})`);
    const more = thin.length > names.length ? ' ...' : '';
    this.#warn(
      `identities that have fewer than ${min} images now that some were left out: ${thin.length}; they keep their labels: ${names.join(', ')}${more}`,
    );
  }

  #isUnwantedDuplicate(image: SourceImage, bytes: Uint8Array): boolean {
    const { duplicates } = this.#options;
    if (duplicates === 'ignore') return false;
    const name = imageName(image);
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

/** Of an image that is in no folder of its own a list does not tell whom it shows. */
function isName(identity: string): boolean {
  return identity !== '' && identity !== '.' && identity !== '..';
}
