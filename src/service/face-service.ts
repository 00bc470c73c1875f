import { digestOf } from '../core/digest.ts';
import { type Embedder, type EmbedderOptions, loadEmbedder, similarity } from '../embedding/embedder.ts';
import type { DetectorOptions, Face } from '../embedding/detector.ts';
import { usualTemplate } from '../embedding/face-template.ts';
import type { CutFace } from '../embedding/read-faces.ts';
import type { Threshold } from '../embedding/threshold.ts';
import { licencesOf, type WeightLicence } from '../kit/net/model/weight-licences.ts';
import { checkUpload } from './check-image.ts';
import { FaceFinder } from './face-finder.ts';
import { Galleries, type StoredFace } from './galleries.ts';
import type { IndexKind, StartedIndex } from './gallery-index.ts';
import type { ServiceLimits } from './limits.ts';
import { Problem } from './problem.ts';
import { VectorBatcher } from './vector-batcher.ts';

export interface ServiceOptions {
  readonly embedder: EmbedderOptions;
  readonly detector: DetectorOptions;
  readonly limits: ServiceLimits;
  /** SQLite file of the galleries; `:memory:` forgets them at the end. */
  readonly galleries: string;
  readonly index: IndexKind;
  /** Told while an approximate index of many vectors is made. */
  readonly onProgress?: (text: string) => void;
  /** At which verification decides; undefined: it answers the similarity alone. */
  readonly threshold: (embedder: Embedder) => Threshold | undefined;
}

interface OpenedParts {
  readonly embedder: Embedder;
  readonly finder: FaceFinder;
  readonly galleries: Galleries;
  readonly started: StartedIndex;
  readonly contract: string;
}

/** A face with its vector. */
type EmbeddedFace = Partial<Face> & { readonly vector: Float32Array };

/** What the service does, without HTTP: images in, answers out. */
export class FaceService {
  readonly embedder: Embedder;
  readonly contract: string;
  readonly galleries: Galleries;
  /** How the index of the galleries began. */
  readonly started: StartedIndex;
  readonly #finder: FaceFinder;
  readonly #batcher: VectorBatcher;
  readonly #limits: ServiceLimits;
  readonly #threshold: Threshold | undefined;

  private constructor(
    { embedder, finder, galleries, started, contract }: OpenedParts,
    options: Pick<ServiceOptions, 'threshold' | 'limits'>,
  ) {
    this.embedder = embedder;
    this.contract = contract;
    this.#threshold = options.threshold(embedder);
    this.galleries = galleries;
    this.started = started;
    this.#finder = finder;
    this.#batcher = new VectorBatcher(embedder);
    this.#limits = options.limits;
  }

  /** Rejects with the failures of model, detector, threshold and galleries. */
  static async open(options: ServiceOptions): Promise<FaceService> {
    const { limits } = options;
    const embedder = await loadEmbedder(options.embedder);
    let finder: FaceFinder | undefined;
    let galleries: Galleries | undefined;
    try {
      const { size } = embedder;
      const template = options.embedder.template ?? usualTemplate(size);
      const setup = { detector: { ...options.detector, threads: 1 }, size, template, maxPixels: limits.maxPixels };
      finder = await FaceFinder.open(setup, limits);
      const contract = embedder.contract(finder);
      const vectors = { contract, embeddingSize: embedder.embeddingSize };
      const opened = await Galleries.open(options.galleries, vectors, {
        kind: options.index,
        onProgress: options.onProgress,
      });
      galleries = opened.galleries;
      return new FaceService({ embedder, finder, contract, ...opened }, options);
    } catch (error) {
      await galleries?.close();
      await finder?.close();
      await embedder.dispose();
      throw error;
    }
  }

  /** Images that wait for a process, batches and faces that were embedded, and how long finding and embedding took, in seconds. */
  get counts(): Readonly<Record<'waiting' | 'batches' | 'faces' | 'finding' | 'embedding', number>> {
    const { batches, faces, seconds: embedding } = this.#batcher.counts;
    const { waiting, seconds: finding } = this.#finder;
    return { waiting, batches, faces, finding, embedding };
  }

  /** Of the embedding network and of the detector, as far as their weights are known. */
  get licences(): readonly WeightLicence[] {
    return [...this.embedder.licences, ...licencesOf(Object.values(this.#finder.identity.weights))];
  }

  async detect(bytes: Uint8Array, signal: AbortSignal): Promise<object> {
    return { faces: (await this.#find(bytes, signal)).map(({ face }) => face) };
  }

  async embed(bytes: Uint8Array, signal: AbortSignal): Promise<object> {
    const faces = await this.#vectors(await this.#find(bytes, signal));
    return { contract: this.contract, faces: faces.map((face) => ({ ...face, vector: Array.from(face.vector) })) };
  }

  async verify(images: readonly [Uint8Array, Uint8Array], signal: AbortSignal): Promise<object> {
    for (const bytes of images) checkUpload(bytes, this.#limits);
    const found = await Promise.all(images.map((bytes) => this.#find(bytes, signal)));
    const [one, other] = await this.#vectors(found.flatMap((faces) => largest(faces)));
    if (one === undefined || other === undefined) throw new Error('two images have two faces');
    const alike = similarity(one.vector, other.vector);
    const threshold = this.#threshold;
    const same = threshold === undefined ? null : alike >= threshold.similarity;
    const faces = [one, other].map(({ box, score, points }) => ({ box, score, points }));
    return {
      ...{ contract: this.contract, similarity: alike, distance: 2 - 2 * alike, same, faces },
      threshold: threshold === undefined ? null : shownThreshold(threshold),
    };
  }

  async identify(
    bytes: Uint8Array,
    { gallery, top }: { gallery: string; top: number },
    signal: AbortSignal,
  ): Promise<object> {
    // A gallery that is not there is told before anything is computed.
    this.galleries.require(gallery);
    const faces = await this.#vectors(await this.#find(bytes, signal));
    const identified = faces.map(async ({ vector, ...face }) => {
      const matches = await this.galleries.identify(gallery, vector, top);
      return {
        ...face,
        matches: matches.map(({ name: person, similarity: alike }) => ({ person, similarity: alike })),
      };
    });
    const approximate = this.galleries.index.kind === 'approximate';
    return { contract: this.contract, approximate, faces: await Promise.all(identified) };
  }

  async addImage(
    bytes: Uint8Array,
    { gallery, person }: { readonly gallery: string; readonly person: string },
    signal: AbortSignal,
  ): Promise<StoredFace> {
    this.galleries.require(gallery);
    const faces = await this.#find(bytes, signal);
    if (faces.length > 1) {
      const detail = `${faces.length} faces were found in the image, and one is needed`;
      throw new Problem('several-faces', 422, { detail });
    }
    const [face] = await this.#vectors(faces);
    if (face === undefined) throw new Error('a face has a vector');
    return this.galleries.add(gallery, { person, sha256: digestOf(bytes) }, face.vector);
  }

  async #find(bytes: Uint8Array, signal: AbortSignal): Promise<readonly CutFace[]> {
    checkUpload(bytes, this.#limits);
    const faces = await this.#finder.find(bytes, signal);
    const { maxFaces } = this.#limits;
    if (faces.length <= maxFaces) return faces;
    throw new Problem('too-many-faces', 422, {
      detail: `${faces.length} faces were found, more than the ${maxFaces} that are taken`,
    });
  }

  async #vectors(faces: readonly CutFace[]): Promise<readonly EmbeddedFace[]> {
    const vectors = await this.#batcher.embed(faces.map(({ crop }) => crop));
    return vectors.map((vector, index) => ({ ...faces[index]?.face, vector }));
  }

  /** After the last request has its answer. */
  async close(): Promise<void> {
    await this.#finder.close();
    await this.embedder.dispose();
    await this.galleries.close();
  }
}

/** Of several faces the one that takes most of the image. */
function largest(faces: readonly CutFace[]): readonly CutFace[] {
  const areaOf = ({ face }: CutFace): number =>
    face === undefined ? 0 : (face.box.right - face.box.left) * (face.box.bottom - face.box.top);
  return faces.toSorted((a, b) => areaOf(b) - areaOf(a)).slice(0, 1);
}

/** Without the path of the record, which is of this machine. */
function shownThreshold({ similarity: least, far, evaluatedOn: { model, set, pairs } }: Threshold): object {
  return { similarity: least, far, evaluatedOn: { model, set, pairs } };
}
