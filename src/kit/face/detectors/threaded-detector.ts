import { isOnnxruntimeOnCpu } from '../../net/engines/choose-engine.ts';
import { compiledModule } from '../../../core/package-folder.ts';
import { WorkerPool } from '../../../core/worker-pool.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import type { DetectionAnswer, DetectionJob, DetectionSetup, DetectorDescription } from './detection-worker.ts';
import type { DetectedFace, DetectionSettings, Detector, DetectorResources } from './detector.ts';
import { type DetectorChoice, openDetector } from './index.ts';

/** More threads take more memory, 0.1 GiB each, and no less time than one that decodes can keep up with. */
const mostThreads = 8;
/** Images of one job: few, so that all threads have some, and enough for the networks to take several at a time. */
const jobImages = 8;
/** Larger images are fewer in a job. */
const jobPixels = 2 ** 20;

/**
 * A detector that looks at several images at the same time, each in a thread with networks of its own: while one thread
 * resizes and cuts, another one's networks compute. What is found does not depend on the number of threads. Engines that
 * already compute on everything there is (all but onnxruntime on the CPU) look at images one after the other. Fails as
 * {@link openDetector}.
 */
export async function openThreadedDetector(choice: DetectorChoice, resources: DetectorResources): Promise<Detector> {
  const { engine, threads: processors } = resources;
  const threads = Math.min(processors, mostThreads);
  const hasRoom = isOnnxruntimeOnCpu(engine) && threads > 1;
  if (!hasRoom) return openDetector(choice, resources);
  // Twice as many as there are processors: the networks of one thread fill the gaps of the other's.
  const own = Math.min(processors, 2 * Math.ceil(processors / threads));
  const pool: DetectionPool = new WorkerPool({
    module: compiledModule('src/kit/face/detectors/detection-worker.ts'),
    threads,
    setup: { choice, resources: { ...resources, threads: own } },
  });
  try {
    const described = await pool.run({ kind: 'describe' });
    if (described.kind !== 'description') throw new Error(`a description was expected, and ${described.kind} came`);
    return new ThreadedDetector(pool, threads, described.description);
  } catch (error) {
    await pool.close();
    throw error;
  }
}

type DetectionPool = WorkerPool<DetectionSetup, DetectionJob, DetectionAnswer>;

type OneFaceEach = readonly (DetectedFace | undefined)[];

class ThreadedDetector implements Detector {
  readonly identity;
  readonly computesWith;
  readonly refineCrops?: NonNullable<Detector['refineCrops']>;
  readonly refineBoxes?: NonNullable<Detector['refineBoxes']>;
  readonly #pool: DetectionPool;
  readonly #threads: number;

  constructor(pool: DetectionPool, threads: number, description: DetectorDescription) {
    this.identity = description.identity;
    this.computesWith = `${description.computesWith}, ${threads} images at a time`;
    this.#pool = pool;
    this.#threads = threads;
    if (description.refinesCrops) {
      this.refineCrops = (images, settings = {}) =>
        this.#refine(images, settings, (part) => ({ kind: 'refine-crops', images: part.map(sendable) }));
    }
    if (description.refinesBoxes) {
      this.refineBoxes = (boxed, settings = {}) =>
        this.#refine(boxed, settings, (part) => ({
          kind: 'refine-boxes',
          boxed: part.map(({ image, box }) => ({ image: sendable(image), box })),
        }));
    }
  }

  async detect(
    images: readonly RgbImage[],
    { minimumSizes = [], signal }: DetectionSettings = {},
  ): Promise<readonly (readonly DetectedFace[])[]> {
    const jobs = partsOf(images).map(({ start, items }): DetectionJob => {
      return {
        kind: 'detect',
        images: items.map(sendable),
        minimumSizes: minimumSizes.slice(start, start + items.length),
      };
    });
    const answers = await this.#run(jobs, signal);
    return answers.flatMap((answer) => (answer.kind === 'faces' ? answer.faces : []));
  }

  async #refine<Item extends RgbImage | { readonly image: RgbImage }>(
    items: readonly Item[],
    { signal }: DetectionSettings,
    jobOf: (part: readonly Item[]) => DetectionJob,
  ): Promise<OneFaceEach> {
    const answers = await this.#run(
      partsOf(items).map((part) => jobOf(part.items)),
      signal,
    );
    return answers.flatMap((answer) => (answer.kind === 'refined' ? answer.faces : []));
  }

  async #run(jobs: readonly DetectionJob[], signal: AbortSignal | undefined): Promise<readonly DetectionAnswer[]> {
    signal?.throwIfAborted();
    const answers = await Promise.all(jobs.map((job) => this.#pool.run(job)));
    signal?.throwIfAborted();
    return answers;
  }

  async dispose(): Promise<void> {
    await Promise.all(Array.from({ length: this.#threads }, () => this.#pool.run({ kind: 'dispose' })));
    await this.#pool.close();
  }
}

interface Part<Item> {
  readonly start: number;
  readonly items: readonly Item[];
}

/** By the images alone, so that networks see the same ones together on every machine. */
function partsOf<Item extends RgbImage | { readonly image: RgbImage }>(all: readonly Item[]): Part<Item>[] {
  const parts: Part<Item>[] = [];
  let start = 0;
  while (start < all.length) {
    let pixels = 0;
    let end = start;
    while (end < all.length && end - start < jobImages) {
      const next = all[end];
      if (next === undefined) break;
      const { width, height } = 'image' in next ? next.image : next;
      if (end > start && pixels + width * height > jobPixels) break;
      pixels += width * height;
      end += 1;
    }
    parts.push({ start, items: all.slice(start, end) });
    start = end;
  }
  return parts;
}

/** Pixels in memory of their own: of a part of a larger piece, a message would have all. */
function sendable(image: RgbImage): RgbImage {
  const { data } = image;
  return data.byteLength === data.buffer.byteLength ? image : { ...image, data: data.slice() };
}
