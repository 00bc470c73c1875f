import type { DetectedFace, Detector as KitDetector, DetectorIdentity } from '../kit/face/detectors/detector.ts';
import { type DetectorChoice, type DetectorName, detectorDefaults } from '../kit/face/detectors/index.ts';
import { openThreadedDetector } from '../kit/face/detectors/threaded-detector.ts';
import type { ImageSize, RgbImage } from '../kit/image/rgb-image.ts';
import { type ComputingOptions, computingWith } from './network-engine.ts';

/** A face: its box and five points in pixels of the image, and how sure the detector is, 0 to 1. */
export type Face = DetectedFace;

export interface DetectorOptions extends ComputingOptions {
  /**
   * `full`, the default: all faces of a photograph. `limited`: the image is a rough crop around one face, which is refined and
   * not looked for (as the deployment of 2018 does); MTCNN only.
   */
  readonly search?: 'full' | 'limited' | undefined;
  /** Default: mtcnn, whose weights come with the product. */
  readonly name?: DetectorName | undefined;
  /** Options of the detector, which `schemas/kit.schema.json` lists; all have defaults. */
  readonly options?: Readonly<Record<string, unknown>> | undefined;
  /** Weights of the detector, instead of those that come with it. */
  readonly weights?: string | undefined;
  /**
   * Of a full search: faces whose side is less than this share of the image's shorter side are not looked for, whatever its
   * pixels, so that large photographs take no longer than small ones. Default 0.04; 0: down to the detector's own minimum.
   */
  readonly smallestShare?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Finds faces. Made by {@link loadDetector}. */
export interface Detector {
  /** Name, options and digests of the weights: all that its answers depend on. */
  readonly identity: DetectorIdentity;
  /** Engine, version and device that compute, for people. */
  readonly computesWith: string;
  /**
   * The faces of each image, by descending score; of a limited search at most one. What is found in an image does not depend on the
   * others. Rejects with the reason of the signal.
   */
  detect(
    images: readonly RgbImage[],
    options?: { readonly signal?: AbortSignal },
  ): Promise<readonly (readonly Face[])[]>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Limited detection in the deployment of 2018 (insightface, deploy/face_embedding.py), which tints no grey images. */
const asDeployed = { thresholds: [0, 0, 0.2], greyImages: 'as-they-are' } as const;

/** Pixels; no detector looks for smaller ones by default. */
const smallestSide = 20;

/**
 * Opens a detector in threads of its own, as many as it has use for. Rejects with `no-crops-detector` if it cannot search in a
 * limited way, with the codes of its weights, and with the reason of the signal.
 */
export async function loadDetector(options: DetectorOptions = {}): Promise<Detector> {
  const { name = 'mtcnn', search = 'full', weights, smallestShare = 0.04, signal } = options;
  signal?.throwIfAborted();
  const usual = search === 'limited' && name === 'mtcnn' ? asDeployed : {};
  const choice = { ...detectorDefaults(name), ...usual, ...options.options, name } as DetectorChoice;
  const opened = await openThreadedDetector(choice, { ...computingWith(options), weights });
  try {
    signal?.throwIfAborted();
    if (search === 'limited' && opened.refineCrops === undefined) {
      throw new RangeError(`the detector ${name} does not search in a limited way: mtcnn does`);
    }
  } catch (error) {
    await opened.dispose();
    throw error;
  }
  return new OpenedDetector(opened, { search, smallestShare });
}

interface Search {
  readonly search: 'full' | 'limited';
  readonly smallestShare: number;
}

class OpenedDetector implements Detector {
  readonly identity: DetectorIdentity;
  readonly computesWith: string;
  readonly #opened: KitDetector;
  readonly #search: Search;
  #disposed: Promise<void> | undefined;

  constructor(opened: KitDetector, search: Search) {
    const { name, options, weights } = opened.identity;
    const own = search.search === 'full' ? { ...search } : { search: search.search };
    this.identity = { name, options: { ...options, ...own }, weights };
    this.computesWith = opened.computesWith;
    this.#opened = opened;
    this.#search = search;
  }

  async detect(
    images: readonly RgbImage[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<readonly (readonly Face[])[]> {
    const stop = signal === undefined ? {} : { signal };
    if (this.#search.search === 'full') {
      const minimumSizes = images.map((size) => this.#smallest(size));
      return this.#opened.detect(images, { minimumSizes, ...stop });
    }
    const refined = (await this.#opened.refineCrops?.(images, stop)) ?? [];
    return images.map((_, index) => (refined[index] === undefined ? [] : [refined[index]]));
  }

  #smallest({ width, height }: ImageSize): number | undefined {
    const side = this.#search.smallestShare * Math.min(width, height);
    return side > smallestSide ? side : undefined;
  }

  dispose(): Promise<void> {
    return (this.#disposed ??= this.#opened.dispose());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.dispose();
  }
}
