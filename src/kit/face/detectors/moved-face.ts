import type { DetectedFace } from './detector.ts';

/** A face in the pixels of another image: `x` and `y` say where a column and a row of the one are in the other. */
export function movedFace(
  { box, score, points }: DetectedFace,
  x: (value: number) => number,
  y: (value: number) => number,
): DetectedFace {
  const moved = { left: x(box.left), top: y(box.top), right: x(box.right), bottom: y(box.bottom) };
  if (points === undefined) return { box: moved, score };
  const [a, b, c, d, e] = points;
  const at = ([column, row]: readonly [number, number]): readonly [number, number] => [x(column), y(row)];
  return { box: moved, score, points: [at(a), at(b), at(c), at(d), at(e)] };
}
