import { fail, FailureError, type Failure } from '../../src/core/failure.ts';
import { alignmentMatrix, alignmentResidual } from '../../src/kit/face/align-face.ts';
import { laplacianVariance } from '../../src/kit/face/blur.ts';
import { cropFace, cropKnownFace } from '../../src/kit/face/crop-face.ts';
import type { FaceBox, FacePoints } from '../../src/kit/face/detectors/detector.ts';
import type { Finding, KnownFace } from '../../src/kit/face/search-face.ts';
import { warpAffine } from '../../src/kit/image/warp-affine.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import type { FaceRecord } from './face-record.ts';
import { failures } from './failures.ts';
import type { Settings } from './settings.ts';

/** An image that was read, and what was found in it. */
export interface SearchedPhotograph {
  readonly image: RgbImage;
  readonly known: KnownFace;
  readonly finding: Finding;
  readonly file: string;
}

/** A face that was cut out, or why none was, and what the record says of it. */
export interface CutFace {
  /** Absent where nothing is cut out. */
  readonly face?: RgbImage;
  readonly facts: Omit<FaceRecord, 'image' | 'identity' | 'label' | 'file'>;
  readonly failure?: Failure;
}

/** Cuts the face out as the settings say; a face that cannot be aligned is a fact, not thrown. */
export function cutFace(searched: SearchedPhotograph, settings: Settings): CutFace {
  try {
    return aligned(searched, settings) ?? withoutFace(searched, settings);
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return leftOut(error.failures[0], foundFacts(searched.finding));
  }
}

/** What is left of an image that cannot be used. */
export function leftOut(failure: Failure, more: Partial<FaceRecord> = {}): CutFace {
  const { code, message } = failure;
  return { failure, facts: { outcome: 'left-out', ...more, reason: code, problem: message } };
}

/** Undefined if there are no points to align by. Fails with `equal-points`, `points-outside`. */
function aligned(searched: SearchedPhotograph, { imageSize, cut }: Settings): CutFace | undefined {
  const { finding, image, file } = searched;
  const { face, cutFrom } = finding;
  if (face?.points === undefined || cut === 'box') return undefined;
  const outside = face.points.filter((point) => !isInside(point, image)).length;
  if (outside === face.points.length) fail(failures.pointsOutside(image, { file }));
  const { image: source, points } = cutFrom ?? { image, points: face.points };
  const matrix = alignmentMatrix(points, imageSize, { file });
  const cutOut = warpAffine(source, matrix, imageSize);
  return {
    face: cutOut,
    facts: {
      outcome: 'aligned',
      ...foundFacts(finding),
      residual: rounded(alignmentResidual(points, matrix, imageSize), 3),
      blur: rounded(laplacianVariance(cutOut), 1),
      ...(outside === 0 ? {} : { pointsOutside: outside }),
    },
  };
}

function withoutFace({ finding, image, known, file }: SearchedPhotograph, settings: Settings): CutFace {
  const { search, cut, imageSize } = settings;
  const facts = foundFacts(finding);
  if (finding.face !== undefined && (cut === 'box' || finding.face.points === undefined)) {
    return cropped(cropFace(image, cornersOf(finding.face.box), imageSize), { ...facts, crop: 'found-box' });
  }
  switch (settings.withoutFace) {
    case 'crop': {
      const box = known.box;
      const face =
        search === 'cascade'
          ? cropKnownFace(image, box, imageSize)
          : cropFace(image, box === undefined ? undefined : cornersOf(box), imageSize);
      return cropped(face, { ...facts, crop: box === undefined ? 'middle' : 'known-box' });
    }
    case 'list':
      return {
        facts: { outcome: 'listed', ...facts, ...(known.box === undefined ? {} : { box: boxFacts(known.box) }) },
      };
    case 'leave-out':
      return leftOut(failures.noFace({ found: finding.faces }, { file }), facts);
  }
}

function cropped(face: RgbImage, facts: Partial<FaceRecord>): CutFace {
  return { face, facts: { outcome: 'cropped', ...facts, blur: rounded(laplacianVariance(face), 1) } };
}

function foundFacts({ step, face, faces, chosen }: Finding): Partial<FaceRecord> {
  return {
    step,
    ...(face === undefined ? {} : { box: boxFacts(face.box), score: rounded(face.score, 6) }),
    ...(face?.points === undefined ? {} : { points: pointFacts(face.points) }),
    faces,
    ...(chosen === undefined ? {} : { chosen }),
  };
}

function boxFacts(box: FaceBox): readonly number[] {
  return cornersOf(box).map((edge) => rounded(edge, 3));
}

/** With all digits of float32, in which faces are aligned: the list aligns as the detector does. */
function pointFacts(points: FacePoints): readonly (readonly [number, number])[] {
  const exact = (value: number): number => Number(Math.fround(value).toPrecision(9));
  return points.map(([x, y]) => [exact(x), exact(y)] as const);
}

function cornersOf({ left, top, right, bottom }: FaceBox): readonly [number, number, number, number] {
  return [left, top, right, bottom];
}

function isInside([x, y]: readonly [number, number], { width, height }: RgbImage): boolean {
  return x >= 0 && y >= 0 && x < width && y < height;
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}
