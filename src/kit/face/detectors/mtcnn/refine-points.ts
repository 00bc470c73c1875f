import type { RgbImage } from '../../../image/rgb-image.ts';
import type { InferenceSession } from '../../../net/sessions/inference-session.ts';
import type { Point2 } from '../../align-face.ts';
import { resizeBilinearToFloats } from '../../resize-bilinear.ts';
import type { DetectedFace, FacePoints } from '../detector.ts';
import { cutWindow } from './network-input.ts';
import { roundHalfEven } from '../../../../core/round-half-even.ts';

/** Of LNet's patches. */
const side = 24;
/** LNet's answers further than this from the middle of a patch count as the middle. */
const maxFromMiddle = 0.35;

/** The outputs of LNet, one for each point. */
const outputs = ['fc5_1', 'fc5_2', 'fc5_3', 'fc5_4', 'fc5_5'];

/**
 * LNet's refinement of the points of faces (deploy/mtcnn_detector.py, accurate_landmark): it looks at a patch around each
 * point, a quarter of the box wide. The points end as whole pixels, as in the original.
 */
export async function refinePoints(
  session: InferenceSession,
  faces: readonly { readonly image: RgbImage; readonly face: DetectedFace }[],
): Promise<DetectedFace[]> {
  if (faces.length === 0) return [];
  const data = new Float32Array(faces.length * side * side * 15);
  const patches = faces.map(({ face }) => patchesOf(face));
  for (const [index, { image }] of faces.entries()) {
    for (const [point, { left, top, size }] of (patches[index] ?? []).entries()) {
      const patch = cutWindow(image, { left, top, width: size, height: size });
      const pixels = resizeBilinearToFloats(patch, { width: side, height: side });
      for (let pixel = 0; pixel < side * side; pixel += 1) {
        const at = (index * side * side + pixel) * 15 + 3 * point;
        for (let channel = 0; channel < 3; channel += 1) {
          data[at + channel] = ((pixels[3 * pixel + 2 - channel] ?? 0) - 127.5) * 0.0078125;
        }
      }
    }
  }
  const results = await session.run({ data, shape: [faces.length, side, side, 15] }, outputs);
  return faces.map(({ face }, index) => {
    const [a, b, c, d, e] = (patches[index] ?? []).map((patch, point): Point2 => {
      const values = results.get(outputs[point] ?? '')?.data;
      return refined(patch, values?.[2 * index] ?? NaN, values?.[2 * index + 1] ?? NaN);
    });
    if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined) return face;
    return { ...face, points: [a, b, c, d, e] satisfies FacePoints };
  });
}

interface Patch {
  readonly left: number;
  readonly top: number;
  readonly size: number;
}

function patchesOf({ box, points = [] }: Pick<DetectedFace, 'box'> & { readonly points?: readonly Point2[] }): Patch[] {
  const quarter = roundHalfEven(0.25 * Math.max(box.right - box.left + 1, box.bottom - box.top + 1));
  const size = quarter % 2 === 0 ? quarter : quarter + 1;
  return points.map(([x, y]) => ({ left: roundHalfEven(x - size / 2), top: roundHalfEven(y - size / 2), size }));
}

function refined({ left, top, size }: Patch, across: number, down: number): Point2 {
  const isFar = Math.abs(across - 0.5) > maxFromMiddle || Math.abs(down - 0.5) > maxFromMiddle;
  const [x, y] = isFar ? [0.5, 0.5] : [across, down];
  return [Math.trunc(left + x * size), Math.trunc(top + y * size)];
}
