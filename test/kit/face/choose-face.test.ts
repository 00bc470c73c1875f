import { expect, it } from 'vitest';
import { centralFace, centrality, overlappingFace } from '../../../src/kit/face/choose-face.ts';
import { overlapOf } from '../../../src/kit/face/detectors/box-overlap.ts';
import type { DetectedFace, FaceBox } from '../../../src/kit/face/detectors/detector.ts';

function box(left: number, top: number, right: number, bottom: number): FaceBox {
  return { left, top, right, bottom };
}

const found = (...boxes: readonly FaceBox[]): DetectedFace[] => boxes.map((each) => ({ box: each, score: 1 }));

/** What the 2018 system finds in the first sample of face-api, 1920 x 1280 pixels, with its values. */
const sample = { width: 1920, height: 1280 };
const boxes = [
  box(831.602, 426.639, 1033.516, 662.468),
  box(416.214, 355.332, 592.117, 592.175),
  box(1478.487, 211.713, 1682.256, 445.026),
];

it('gives faces the values of the 2018 system, and chooses the greatest', () => {
  const values = boxes.map((each) => centrality(each, sample));
  [27891.2, -429184.5, -916407.1].forEach((value, index) => {
    expect(Math.abs((values[index] ?? NaN) - value)).toBeLessThan(1);
  });
  expect(centralFace(found(...boxes), sample)).toBe(0);
  expect(centralFace(found(...boxes.toReversed()), sample)).toBe(2);
});

it('chooses the first of equal faces, and none of none', () => {
  const left = box(20, 40, 40, 60);
  const right = box(60, 40, 80, 60);
  expect(centralFace(found(left, right), { width: 100, height: 100 })).toBe(0);
  expect(centralFace([], sample)).toBeUndefined();
});

it('measures overlap by area, without a pixel more', () => {
  expect(overlapOf(box(0, 0, 10, 10), box(5, 0, 15, 10))).toBeCloseTo(50 / 150, 12);
  expect(overlapOf(box(0, 0, 10, 10), box(10, 0, 20, 10))).toBe(0);
});

it('takes the face that overlaps a known box most, if by more than is asked for', () => {
  const known = box(0, 0, 10, 10);
  const faces = found(box(5, 0, 15, 10), box(1, 0, 11, 10), box(90, 90, 99, 99));
  expect(overlappingFace(faces, known, 0.3)).toBe(1);
  expect(overlappingFace(faces, known, 0.9)).toBeUndefined();
  // As align_insight has it: whatever there is.
  expect(overlappingFace(found(box(90, 90, 99, 99)), known, -0.3)).toBe(0);
});
