import { expect, it } from 'vitest';
import {
  alignmentMatrix,
  alignmentResidual,
  alignmentTemplate,
  similarityTransform,
  templateFor,
  type Point2,
} from '../../../src/kit/face/align-face.ts';

it('returns the matrix of the 2018 system for its five points', () => {
  const points: Point2[] = [
    [90, 110],
    [150, 104],
    [124, 140],
    [99, 172],
    [148, 167],
  ];
  const { a, b, tx, ty } = similarityTransform(points, alignmentTemplate);
  // Worked example: M = [[0.620530, -0.042660, -13.889839], [0.042660, 0.620530, -19.317705]].
  expect([a, b, tx, ty].map((value) => value.toFixed(6))).toEqual(['0.620530', '0.042660', '-13.889839', '-19.317705']);
});

it('finds a turn, scale and shift exactly', () => {
  const [cosine, sine] = [1.7 * Math.cos(0.4), 1.7 * Math.sin(0.4)];
  const moved = alignmentTemplate.map(([x, y]): Point2 => [cosine * x - sine * y + 12, sine * x + cosine * y - 30]);
  const { a, b, tx, ty } = similarityTransform(alignmentTemplate, moved);
  [cosine, sine, 12, -30].forEach((value, index) => {
    expect([a, b, tx, ty][index]).toBeCloseTo(value, 9);
  });
});

const fivePoints: readonly Point2[] = [
  [90, 110],
  [150, 104],
  [124, 140],
  [99, 172],
  [148, 167],
];

it('returns the matrix of the 2018 system for 96 pixels of width, which has the face 8 pixels further left', () => {
  const [, , tx, , , ty] = alignmentMatrix(fivePoints, { width: 96, height: 112 });
  expect([tx, ty].map((value) => value.toFixed(6))).toEqual(['-21.889839', '-19.317705']);
});

const sizes: readonly (readonly [string, number, number, Point2])[] = [
  ['the 2018 system', 112, 112, [38.2946, 51.6963]],
  ['the 2018 system, narrow', 96, 112, [30.2946, 51.6963]],
  ['the 2018 system, which knows no other widths', 128, 112, [30.2946, 51.6963]],
  ['insightface, 128', 128, 128, [46.2946, 51.6963]],
  ['insightface, 224', 224, 224, [76.5892, 103.3926]],
  ['insightface, 256', 256, 256, [92.5892, 103.3926]],
  ['twice 96 x 112', 192, 224, [60.5892, 103.3926]],
];

it.each(sizes)('has the template of %s at %i x %i', (_, width, height, [x, y]) => {
  const [eye] = templateFor({ width, height });
  expect(eye?.[0]).toBeCloseTo(x, 9);
  expect(eye?.[1]).toBeCloseTo(y, 9);
});

it('measures how far aligned points are from the template in pixels of a height of 112, at any size', () => {
  const residualAt = (side: number, points: readonly Point2[]): number => {
    const size = { width: side, height: side };
    return alignmentResidual(points, alignmentMatrix(points, size), size);
  };
  expect(residualAt(112, alignmentTemplate)).toBeCloseTo(0, 4);
  expect(residualAt(224, fivePoints)).toBeCloseTo(residualAt(112, fivePoints), 6);
  // The eyes where the mouth is, and the mouth where the eyes are: no turn without a mirror brings them together.
  const [left = [0, 0], right = [0, 0], nose = [0, 0], mouthLeft = [0, 0], mouthRight = [0, 0]] = alignmentTemplate;
  expect(residualAt(112, [mouthLeft, mouthRight, nose, left, right])).toBeGreaterThan(5);
});
