import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadDetector, type Detector } from '../embedding/detector.ts';
import { usualMaxPixels } from '../embedding/decode-image.ts';
import { type Embedder, loadEmbedder } from '../embedding/embedder.ts';
import { type CutFace, type FaceChoice, readFaces } from '../embedding/read-faces.ts';
import { readBytes } from '../kit/codec/read-file.ts';
import { licencesOf, licenceText, type WeightLicence } from '../kit/net/model/weight-licences.ts';
import { fail, FailureError } from '../core/failure.ts';
import { failures } from './failures.ts';
import { fileSystemFailure } from './file-system-failure.ts';
import { namedPathFailure } from './named-path-failure.ts';
import { integerOption, type Call, type ProcessContext } from './flow-command.ts';
import { engineOverride } from './planned-experiment.ts';

/** Declares what every command takes that embeds photographs. */
export function declareEmbedding(command: Command): void {
  command
    .option('--model <path>', 'the embedding network, of any format (default: the one that comes with faceflow)')
    .addOption(
      new Option('--detector <search>', 'all faces; the one of a rough crop; none: images are aligned faces')
        .choices(['full', 'limited', 'none'])
        .default('full'),
    )
    .option('--weights <path>', 'the networks of the detector, instead of those that come with it')
    .option('--refine-points', 'a fourth network (det4 of --weights) moves the points', false)
    .option('--no-mirror', 'embed the image alone, and not the sum with its mirror image')
    .option(
      '--max-pixels <n>',
      'refuse images that claim more pixels, before they are decoded',
      integerOption('--max-pixels', 1),
      usualMaxPixels,
    );
}

/** Fails with `wrong-option` for options of a detector that is not used. */
function requireDetectorOptions({ detector, weights, refinePoints }: EmbeddingOptions): void {
  if (detector !== 'none') return;
  const refuse = (option: string, found: unknown): never =>
    fail(failures.wrongOption({ option, expected: 'left out with --detector none', found }));
  if (weights !== undefined) refuse('--weights', weights);
  if (refinePoints) refuse('--refine-points', true);
}

/** Detector and embedder of a command, which are freed together. */
export class EmbeddingTools {
  readonly detector: Detector | undefined;
  readonly embedder: Embedder;
  readonly contract: string;
  readonly #maxPixels: number;
  readonly #folder: string;

  private constructor(
    detector: Detector | undefined,
    embedder: Embedder,
    limits: { maxPixels: number; folder: string },
  ) {
    this.detector = detector;
    this.embedder = embedder;
    this.contract = embedder.contract(detector);
    this.#maxPixels = limits.maxPixels;
    this.#folder = limits.folder;
  }

  static async open({ options }: Call, context: ProcessContext): Promise<EmbeddingTools> {
    const { model, detector: search, weights, refinePoints, mirror, maxPixels } = options as EmbeddingOptions;
    requireDetectorOptions(options as EmbeddingOptions);
    const inFolder = (path?: string): string | undefined =>
      path === undefined ? undefined : resolve(context.workingFolder, path);
    const computing = { engine: engineOverride(context), threads: availableParallelism() };
    const detector =
      search === 'none'
        ? undefined
        : await loadDetector({ ...computing, search, weights: inFolder(weights), options: { refinePoints } });
    try {
      const embedder = await loadEmbedder({ ...computing, model: inFolder(model), mirrored: mirror });
      return new EmbeddingTools(detector, embedder, { maxPixels, folder: context.workingFolder });
    } catch (error) {
      await detector?.dispose();
      throw error;
    }
  }

  /** The faces of an image file. Rejects as `readFaces`, and with `missing-file`, `not-a-file`, `unreadable-path`. */
  async read(path: string, choice: FaceChoice): Promise<readonly CutFace[]> {
    const bytes = this.#bytesOf(resolve(this.#folder, path));
    return readFaces(bytes, this, { choice, name: path, maxPixels: this.#maxPixels });
  }

  #bytesOf(file: string): Uint8Array {
    try {
      return readBytes(file, 'photograph');
    } catch (error) {
      // A photograph that may not be read is one among others, and no reason to end.
      const failure = fileSystemFailure(error, this.#folder) ?? namedPathFailure(error, [file], this.#folder);
      throw failure === undefined ? error : new FailureError([failure], { cause: error });
    }
  }

  /** Of the embedding network and of the detector, as far as their weights are known. */
  get licences(): readonly WeightLicence[] {
    return [...this.embedder.licences, ...this.#detectorLicences()];
  }

  #detectorLicences(): readonly WeightLicence[] {
    return licencesOf(Object.values(this.detector?.identity.weights ?? {}));
  }

  /** What the weights are and may be used for, a line each, as setup/licences.json says it. */
  licenceLines(): string[] {
    const { embedder, detector } = this;
    const linesOf = (licences: readonly WeightLicence[], unknown: string): string[] =>
      licences.length === 0
        ? [`weights: ${unknown}, whose licence is not known to faceflow`]
        : licences.map((licence) => `weights: ${licence.name}; ${licenceText(licence)}`);
    return [
      ...linesOf(embedder.licences, embedder.model),
      ...(detector === undefined
        ? []
        : linesOf(this.#detectorLicences(), `the detector ${detector.identity.name} as given by --weights`)),
    ];
  }

  async dispose(): Promise<void> {
    await Promise.all([this.detector?.dispose(), this.embedder.dispose()]);
  }
}

interface EmbeddingOptions {
  readonly model?: string;
  readonly detector: 'full' | 'limited' | 'none';
  readonly weights?: string;
  readonly refinePoints: boolean;
  readonly mirror: boolean;
  readonly maxPixels: number;
}
