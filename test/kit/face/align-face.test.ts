import { expect, it } from 'vitest';
import { alignmentTemplate } from '../../../src/kit/face/align-face.ts';
import { type Point2, similarityTransform } from '../../../src/kit/face/align-face.ts';

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
