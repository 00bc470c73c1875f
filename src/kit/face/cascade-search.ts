import { alignmentTemplate, mapPoint, similarityTransform, type Point2 } from './align-face.ts';
import { overlappingFace } from './choose-face.ts';
import type { DetectedFace, Detector, FacePoints } from './detectors/detector.ts';
import { boxAround, type Finding, type SearchedImage } from './search-face.ts';
import { inverseMatrix, warpAffine, type AffineMatrix } from '../image/warp-affine.ts';

/*
 * The five steps by which the 2018 system found the faces of FaceScrub and MegaFace (insightface, src/align/align_megaface.py
 * and align_facescrub.py). Its counters 0 to 4 are the steps `turned`, `overlapping`, `forced` and, without a face, the
 * crop of the known box or of the middle.
 */

/** The image that three known points turn upright has twice the size of a face, which is enlarged by half. */
const turnedSide = 224;
const turnedTemplate = alignmentTemplate.slice(0, 3).map(([x, y]): Point2 => [1.5 * x + 28, 1.5 * y + 28]);
/** Overlap with the known box, and score of forced detection, which a face needs. */
const overlapAbove = 0.3;
const forcedScore = 0.3;

/** Finds the known face of each image. `none` means the crop of steps 3 and 4. */
export async function cascadeSearch(
  images: readonly SearchedImage[],
  detector: Detector,
  { signal }: { readonly signal?: AbortSignal } = {},
): Promise<readonly Finding[]> {
  const stop = signal === undefined ? {} : { signal };
  const findings: Finding[] = images.map(() => ({ step: 'none', faces: 0 }));
  for (const step of [findTurned, findOverlapping, findForced]) {
    const open = [...images.keys()].filter((index) => findings[index]?.step === 'none');
    if (open.length === 0) break;
    const found = await step(
      open.flatMap((index) => images[index] ?? []),
      { detector, stop },
    );
    for (const [place, finding] of found.entries()) {
      const index = open[place];
      if (index !== undefined && finding !== undefined) findings[index] = finding;
    }
  }
  return findings;
}

interface Means {
  readonly detector: Detector;
  readonly stop: { readonly signal?: AbortSignal };
}

type Step = (images: readonly SearchedImage[], means: Means) => Promise<readonly (Finding | undefined)[]>;

/** Step 0: the image is turned upright by its three points, and the detector's first face in it is taken. */
const findTurned: Step = async (images, { detector, stop }) => {
  const turned = images.map(({ image, known: { threePoints } }) => {
    if (threePoints === undefined) return undefined;
    const { a, b, tx, ty } = similarityTransform(threePoints, turnedTemplate);
    const matrix: AffineMatrix = [a, -b, tx, b, a, ty];
    if (!matrix.every(Number.isFinite)) return undefined;
    return { matrix, image: warpAffine(image, matrix, { width: turnedSide, height: turnedSide }) };
  });
  const there = turned.filter((each) => each !== undefined);
  const minimumSizes = there.map(() => turnedSide / 2);
  const found = await detector.detect(
    there.map(({ image }) => image),
    { minimumSizes, ...stop },
  );
  return turned.map((each) => {
    const faces = each === undefined ? [] : (found[there.indexOf(each)] ?? []);
    const [face] = faces;
    if (each === undefined || face?.points === undefined) return undefined;
    const cutFrom = { image: each.image, points: face.points };
    return {
      step: 'turned',
      face: turnedBack(face, face.points, each.matrix),
      faces: faces.length,
      chosen: 0,
      cutFrom,
    };
  });
};

/** Step 1: of the faces of at least a quarter of the height, the one that overlaps the known box most. */
const findOverlapping: Step = async (images, { detector, stop }) => {
  const boxed = images.filter(({ known }) => known.box !== undefined);
  const found = await detector.detect(
    boxed.map(({ image }) => image),
    { minimumSizes: boxed.map(({ image }) => Math.floor(image.height / 4)), ...stop },
  );
  return images.map((searched) => {
    const { box } = searched.known;
    const faces = found[boxed.indexOf(searched)] ?? [];
    const chosen = box === undefined ? undefined : overlappingFace(faces, box, overlapAbove);
    const face = chosen === undefined ? undefined : faces[chosen];
    if (chosen === undefined || face === undefined) return undefined;
    return { step: 'overlapping', face, faces: faces.length, chosen };
  });
};

/** Step 2: what the detector sees when it is told where the face is. */
const findForced: Step = async (images, { detector, stop }) => {
  const boxed = images.flatMap(({ image, known: { box } }) => (box === undefined ? [] : [{ image, box }]));
  const found = (await detector.refineBoxes?.(boxed, stop)) ?? [];
  let next = 0;
  return images.map(({ known }) => {
    const face = known.box === undefined ? undefined : found[next++];
    return face === undefined || face.score < forcedScore ? undefined : { step: 'forced', face, faces: 0 };
  });
};

/** A face of the turned image in the pixels of the image it was made of. */
function turnedBack(face: DetectedFace, points: FacePoints, matrix: AffineMatrix): DetectedFace {
  const back = inverseMatrix(matrix);
  const { left, top, right, bottom } = face.box;
  const corners = (
    [
      [left, top],
      [right, top],
      [left, bottom],
      [right, bottom],
    ] as const
  ).map((corner) => mapPoint(back, corner));
  const [a, b, c, d, e] = points;
  return {
    box: boxAround(corners),
    score: face.score,
    points: [mapPoint(back, a), mapPoint(back, b), mapPoint(back, c), mapPoint(back, d), mapPoint(back, e)],
  };
}
