import type { RgbImage } from '../../../image/rgb-image.ts';
import type { InferenceSession } from '../../../net/sessions/inference-session.ts';
import type { BoxedImage, DetectedFace, DetectionSettings, FaceBox } from '../detector.ts';
import { suppressOverlaps } from '../suppress-overlaps.ts';
import { type Arithmetic, type BoxShift, mapEdges, shiftBox, type Window } from './arithmetic.ts';
import { proposeAtScale, type Proposal, pyramidScales } from './propose-windows.ts';
import { refinePoints } from './refine-points.ts';
import { runOnWindows } from './run-on-windows.ts';

export interface CascadeSettings {
  readonly arithmetic: Arithmetic;
  /** In pixels. */
  readonly minimumSize: number;
  readonly factor: number;
  /** Of PNet, RNet, ONet. */
  readonly thresholds: readonly [number, number, number];
  readonly mirrorsSingle: boolean;
  /** Whether RNet looks at crops too, or ONet alone. */
  readonly refinesCrops: boolean;
}

export interface CascadeSessions {
  readonly pnet: InferenceSession;
  readonly rnet: InferenceSession;
  readonly onet: InferenceSession;
  /** Refines points; absent: they stay as ONet gives them. */
  readonly lnet?: InferenceSession | undefined;
}

/** Images of the pyramid that PNet is run on together hold so many pixels at the most, before they are scaled. */
const maxPixelsTogether = 1 << 20;
/** Windows that RNet and ONet are run on together. */
const [refinedTogether, putOutTogether] = [64, 16];

/** A box with integer edges in one of the images, and how sure the network before is of it. */
interface Candidate extends FaceBox {
  /** The number of the image. */
  readonly of: number;
  readonly score: number;
}

type FoundFace = DetectedFace & { readonly of: number };

/** MTCNN (Zhang et al. 2016): PNet proposes windows at all scales, RNet and ONet look at what is left, closer each time. */
export class Cascade {
  readonly #sessions: CascadeSessions;
  readonly #settings: CascadeSettings;

  constructor(sessions: CascadeSessions, settings: CascadeSettings) {
    this.#sessions = sessions;
    this.#settings = settings;
  }

  /** The faces of each image, highest score first. */
  async detect(images: readonly RgbImage[], settings: DetectionSettings): Promise<DetectedFace[][]> {
    const { thresholds, arithmetic } = this.#settings;
    settings.signal?.throwIfAborted();
    const proposals = await this.#propose(images, settings);
    const candidates = proposals.flatMap((found, of) =>
      suppressOverlaps(found, { threshold: 0.7, shareOf: 'union', edge: 1 }).map((proposal) => ({
        ...arithmetic.square(arithmetic.shiftProposal(proposal, proposal.shift)),
        ...{ of, score: proposal.score },
      })),
    );
    const refined = await this.#refine(images, candidates, { threshold: thresholds[1], ...settings });
    return this.#putOut(images, refined, { threshold: thresholds[2], ...settings });
  }

  /** The face that each image is a crop around. */
  async refineCrops(images: readonly RgbImage[], settings: DetectionSettings): Promise<(DetectedFace | undefined)[]> {
    const { arithmetic, thresholds, refinesCrops } = this.#settings;
    const crops = images.flatMap((image, of) => {
      return hasPixels(image) ? [{ ...arithmetic.wholeImage(image), of, score: 0.9 }] : [];
    });
    const refined = refinesCrops ? await this.#refine(images, crops, { threshold: thresholds[1], ...settings }) : crops;
    const faces = await this.#putOut(images, refined, { threshold: thresholds[2], ...settings });
    return faces.map(([face]) => face);
  }

  /** The face in each of the boxes. */
  async refineBoxes(boxed: readonly BoxedImage[], settings: DetectionSettings): Promise<(DetectedFace | undefined)[]> {
    const images = boxed.map(({ image }) => image);
    const candidates = boxed.flatMap(({ image, box }, of) => {
      return hasPixels(image) && hasArea(box) ? [{ ...mapEdges(box, Math.trunc), of, score: 1 }] : [];
    });
    const refined = await this.#refine(images, candidates, { threshold: 0, ...settings });
    const faces = await this.#putOut(images, refined, { threshold: 0, ...settings });
    return faces.map(([face]) => face);
  }

  async #propose(images: readonly RgbImage[], { minimumSizes = [], signal }: DetectionSettings): Promise<Proposal[][]> {
    const { arithmetic, factor, mirrorsSingle, thresholds } = this.#settings;
    const options = { arithmetic, factor, mirrorsSingle, session: this.#sessions.pnet, threshold: thresholds[0] };
    const proposals: Proposal[][] = images.map(() => []);
    const sizeOf = (index: number): number => minimumSizes[index] ?? this.#settings.minimumSize;
    for (const group of groupsOf(images, sizeOf)) {
      const together = group.map(({ image }) => image);
      const [{ image, minimumSize }] = group;
      for (const scale of pyramidScales(image, { minimumSize, ...options })) {
        signal?.throwIfAborted();
        const found = await proposeAtScale(together, scale, options);
        for (const [position, { index }] of group.entries()) proposals[index]?.push(...(found[position] ?? []));
      }
    }
    return proposals;
  }

  /** RNet's choice of the candidates, moved, as squares. */
  async #refine(
    images: readonly RgbImage[],
    candidates: readonly Candidate[],
    { threshold, signal }: StageSettings,
  ): Promise<Candidate[]> {
    const { arithmetic } = this.#settings;
    const cut = this.#cut(images, candidates);
    const { rnet } = this.#sessions;
    const network = { session: rnet, side: 24, atATime: refinedTogether, scale: arithmetic.scaleForRefinement };
    const rows = await runOnWindows(network, cut, { outputs: ['conv5_2', 'prob1'], signal });
    const passed = cut.flatMap(({ box, of }, index) => {
      const [shift = empty, probability = empty] = rows[index] ?? [];
      const score = probability[1] ?? 0;
      return score > Math.fround(threshold) ? [{ ...box, of, score, shift: shiftOf(shift) }] : [];
    });
    return perImage(images, passed).flatMap((own, of) =>
      suppressOverlaps(own, { threshold: 0.7, shareOf: 'union', edge: 1 }).map(({ score, shift, ...box }) => ({
        ...arithmetic.square(shiftBox(box, shift)),
        ...{ of, score },
      })),
    );
  }

  /** ONet's choice, with its points, of each image. */
  async #putOut(
    images: readonly RgbImage[],
    candidates: readonly Candidate[],
    { threshold, signal }: StageSettings,
  ): Promise<DetectedFace[][]> {
    const { arithmetic } = this.#settings;
    const cut = this.#cut(images, candidates);
    const { onet } = this.#sessions;
    const network = { session: onet, side: 48, atATime: putOutTogether, scale: arithmetic.scaleForOutput };
    const rows = await runOnWindows(network, cut, { outputs: ['conv6_3', 'conv6_2', 'prob1'], signal });
    const passed = cut.flatMap(({ box, of }, index) => {
      const [shares = empty, shift = empty, probability = empty] = rows[index] ?? [];
      const score = probability[1] ?? 0;
      if (!(score > Math.fround(threshold))) return [];
      return [{ ...shiftBox(box, shiftOf(shift)), of, score, points: arithmetic.points(box, shares) }];
    });
    const kept = perImage(images, passed).flatMap((own, of) =>
      suppressOverlaps(own, { threshold: 0.7, shareOf: 'smaller', edge: 1 }).map(
        ({ left, top, right, bottom, score, points }): FoundFace => ({
          box: { left, top, right, bottom },
          score,
          points,
          of,
        }),
      ),
    );
    return perImage(images, await this.#withRefinedPoints(images, kept)).map((faces) =>
      faces.map(({ box, score, points }) => ({ box, score, ...(points === undefined ? {} : { points }) })),
    );
  }

  async #withRefinedPoints(images: readonly RgbImage[], faces: readonly FoundFace[]): Promise<FoundFace[]> {
    const { lnet } = this.#sessions;
    if (lnet === undefined) return [...faces];
    const placed = faces.flatMap((face) => {
      const image = images[face.of];
      return image === undefined ? [] : [{ image, face }];
    });
    const refined = await refinePoints(lnet, placed);
    return refined.map((face, index) => ({ ...face, of: placed[index]?.face.of ?? 0 }));
  }

  /** The windows of the candidates that have a pixel. */
  #cut(images: readonly RgbImage[], candidates: readonly Candidate[]): CutCandidate[] {
    return candidates.flatMap((candidate) => {
      const image = images[candidate.of];
      if (image === undefined) return [];
      const { window, box } = this.#settings.arithmetic.cut(candidate, image);
      return window.width < 1 || window.height < 1 ? [] : [{ image, window, box, of: candidate.of }];
    });
  }
}

interface StageSettings extends DetectionSettings {
  readonly threshold: number;
}

interface CutCandidate {
  readonly image: RgbImage;
  readonly window: Window;
  readonly box: FaceBox;
  readonly of: number;
}

const empty = new Float32Array(0);

function shiftOf(values: Float32Array): BoxShift {
  return [values[0] ?? NaN, values[1] ?? NaN, values[2] ?? NaN, values[3] ?? NaN];
}

function perImage<Item extends { readonly of: number }>(images: readonly unknown[], items: readonly Item[]): Item[][] {
  const lists: Item[][] = images.map(() => []);
  for (const item of items) lists[item.of]?.push(item);
  return lists;
}

function hasPixels({ width, height }: RgbImage): boolean {
  return width > 0 && height > 0;
}

function hasArea({ left, top, right, bottom }: FaceBox): boolean {
  return [left, top, right, bottom].every(Number.isFinite) && right > left && bottom > top;
}

interface GroupedImage {
  readonly image: RgbImage;
  readonly index: number;
  readonly minimumSize: number;
}

/** Images of one size with the same smallest face, as many as PNet is run on together. */
function groupsOf(
  images: readonly RgbImage[],
  minimumSizeOf: (index: number) => number,
): [GroupedImage, ...GroupedImage[]][] {
  const groups: [GroupedImage, ...GroupedImage[]][] = [];
  const open = new Map<string, [GroupedImage, ...GroupedImage[]]>();
  for (const [index, image] of images.entries()) {
    const member = { image, index, minimumSize: minimumSizeOf(index) };
    const { width, height } = image;
    const key = `${width} x ${height}, ${member.minimumSize}`;
    const group = open.get(key);
    if (group !== undefined && (group.length + 1) * width * height <= maxPixelsTogether) {
      group.push(member);
      continue;
    }
    const started: [GroupedImage, ...GroupedImage[]] = [member];
    groups.push(started);
    open.set(key, started);
  }
  return groups;
}
