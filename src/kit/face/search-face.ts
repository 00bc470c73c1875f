import type { ImageSize, RgbImage } from '../image/rgb-image.ts';
import type { Point2 } from './align-face.ts';
import { centralFace, overlappingFace } from './choose-face.ts';
import type { DetectedFace, Detector, FaceBox, FacePoints } from './detectors/detector.ts';

/** What is known of the face in an image before anything looks for it. */
export interface KnownFace {
  readonly box?: FaceBox;
  readonly points?: FacePoints;
  /** Image-left eye, image-right eye, nose. */
  readonly threePoints?: readonly [Point2, Point2, Point2];
}

export interface SearchedImage {
  readonly image: RgbImage;
  readonly known: KnownFace;
}

/** The face that an image is about, and how it was found. */
export interface Finding {
  /**
   * `listed`: its points were known. `detected`: chosen among what the detector found. `overlapping`: the one of these that
   * overlaps the known box. `forced`: the detector was made to see it in the known box. `turned`: found after
   * three known points had brought the image upright. `none`: nowhere.
   */
  readonly step: 'listed' | 'detected' | 'overlapping' | 'forced' | 'turned' | 'none';
  /** In pixels of the image. */
  readonly face?: DetectedFace;
  /** How many faces the detector found, and which of them it is, from 0, by descending score. */
  readonly faces: number;
  readonly chosen?: number;
  /** What the face is cut from where it is not the image itself, and its points there. */
  readonly cutFrom?: { readonly image: RgbImage; readonly points: FacePoints };
}

export interface SearchRules {
  /** The side of the smallest faces to look for, in pixels, for each image; undefined: the detector's own. */
  readonly smallest: (size: ImageSize, known: KnownFace) => number | undefined;
  /** A face counts as the known one if it overlaps its box by more than this. */
  readonly overlapAbove: number;
  /** Of forced detection: faces with a lower score do not count. */
  readonly forcedScore: number;
}

/**
 * Finds the face that each image is about. Known points are taken as they are. With a known box: the face that overlaps
 * it most, or else what the detector sees in it. Without: the most central of those found.
 */
export async function searchFaces(
  images: readonly SearchedImage[],
  detector: Detector,
  { rules, signal }: { readonly rules: SearchRules; readonly signal?: AbortSignal },
): Promise<readonly Finding[]> {
  const findings = images.map(({ known }) => listed(known));
  const open = [...images.keys()].filter((index) => findings[index] === undefined);
  const sought = open.flatMap((index) => images[index] ?? []);
  const minimumSizes = sought.map(({ image, known }) => rules.smallest(image, known));
  const stop = signal === undefined ? {} : { signal };
  const found = await detector.detect(
    sought.map(({ image }) => image),
    { minimumSizes, ...stop },
  );
  const chosen = sought.map((each, place) => chooseFace(each, found[place] ?? [], rules));
  for (const [place, finding] of (await forceFaces(sought, detector, { chosen, rules, stop })).entries()) {
    findings[open[place] ?? 0] = finding;
  }
  return findings.map((finding) => finding ?? { step: 'none', faces: 0 });
}

/** The finding of an image whose points are known. */
export function listed({ points, box }: KnownFace): Finding | undefined {
  if (points === undefined) return undefined;
  return { step: 'listed', face: { box: box ?? boxAround(points), score: 1, points }, faces: 1, chosen: 0 };
}

function chooseFace({ image, known }: SearchedImage, faces: readonly DetectedFace[], rules: SearchRules): Finding {
  const { box } = known;
  const chosen = box === undefined ? centralFace(faces, image) : overlappingFace(faces, box, rules.overlapAbove);
  const face = chosen === undefined ? undefined : faces[chosen];
  if (chosen === undefined || face === undefined) return { step: 'none', faces: faces.length };
  return { step: box === undefined ? 'detected' : 'overlapping', face, faces: faces.length, chosen };
}

interface Forcing {
  readonly chosen: readonly Finding[];
  readonly rules: SearchRules;
  readonly stop: { readonly signal?: AbortSignal };
}

/** The findings again, those with a known box and without a face made up for by forced detection. */
async function forceFaces(
  sought: readonly SearchedImage[],
  detector: Detector,
  { chosen, rules, stop }: Forcing,
): Promise<readonly Finding[]> {
  const boxed = sought.flatMap(({ image, known: { box } }, place) =>
    box !== undefined && chosen[place]?.step === 'none' ? [{ image, box, place }] : [],
  );
  if (boxed.length === 0 || detector.refineBoxes === undefined) return chosen;
  const forced = await detector.refineBoxes(boxed, stop);
  const findings = [...chosen];
  for (const [index, { place }] of boxed.entries()) {
    const face = forced[index];
    if (face === undefined || face.score < rules.forcedScore) continue;
    findings[place] = { step: 'forced', face, faces: chosen[place]?.faces ?? 0 };
  }
  return findings;
}

/** The smallest upright box that holds all points. */
export function boxAround(points: readonly Point2[]): FaceBox {
  const across = points.map(([x]) => x);
  const down = points.map(([, y]) => y);
  return { left: Math.min(...across), top: Math.min(...down), right: Math.max(...across), bottom: Math.max(...down) };
}
