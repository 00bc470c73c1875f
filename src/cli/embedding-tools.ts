import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { type Command, Option } from 'commander';
import { loadDetector, type Detector } from '../embedding/detector.ts';
import { usualMaxPixels } from '../embedding/decode-image.ts';
import { type Embedder, loadEmbedder } from '../embedding/embedder.ts';
import { type CutFace, type FaceChoice, readFaces } from '../embedding/read-faces.ts';
import { readBytes } from '../kit/codec/read-file.ts';
import { licenceText } from '../kit/net/model/weight-licences.ts';
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

  /** The faces of an image file. Rejects as `readFaces`, and with `missing-file`, `not-a-file`. */
  read(path: string, choice: FaceChoice): Promise<readonly CutFace[]> {
    const bytes = readBytes(resolve(this.#folder, path), 'photograph');
    return readFaces(bytes, this, { choice, name: path, maxPixels: this.#maxPixels });
  }

  /** What the weights are and may be used for, a line each, as setup/licences.json says it. */
  licenceLines(): string[] {
    const lines = this.embedder.licences.map((licence) => `weights: ${licence.name}; ${licenceText(licence)}`);
    return lines.length > 0 ? lines : [`weights: ${this.embedder.model}, whose licence is not known to faceflow`];
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
