import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { filledLines, refuseLine } from '../text-lines.ts';

/*
 * Landmark points (.pts; the 300-W and AgeDB annotations): `version: 1`, `n_points: 68`, `{`, one line `x y` per
 * point, `}`. Points count from the upper left corner of the image.
 */
export interface LandmarkPoints {
  readonly points: readonly (readonly [number, number])[];
}

export const landmarkPoints: Codec<LandmarkPoints> = {
  name: 'landmark-points',
  title: 'landmark points (.pts)',
  summary: 'Where the parts of a face are in an image, usually 68 points.',
  endings: ['.pts'],
  sniff: (head) => /^version\s*:\s*\d/.test(Buffer.from(head).toString('latin1')),
  decode(cursor) {
    const [version, count, open, ...rest] = filledLines(cursor);
    const close = rest.pop();
    if (version === undefined || count === undefined || open === undefined || close === undefined) {
      return cursor.damaged('expected "version: 1", "n_points: 68", "{", points and "}"', 0);
    }
    const expected = Number(/^\s*n_points\s*:\s*(\d{1,6})\s*$/.exec(count.text)?.[1] ?? NaN);
    if (!/^version\s*:/.test(version.text)) refuseLine(version, failures.damagedList, '"version: 1"');
    if (open.text.trim() !== '{') refuseLine(open, failures.damagedList, '"{"');
    if (close.text.trim() !== '}') refuseLine(close, failures.damagedList, '"}"');
    if (rest.length !== expected)
      refuseLine(count, failures.damagedList, `"n_points: ${rest.length}", as many as follow`);
    return {
      points: rest.map((line) => {
        const [x, y, extra] = line.text.trim().split(/\s+/).map(Number);
        if (x === undefined || y === undefined || extra !== undefined || !Number.isFinite(x) || !Number.isFinite(y)) {
          return refuseLine(line, failures.damagedList, '"x y"');
        }
        return [x, y] as const;
      }),
    };
  },
  describe(cursor) {
    const { points } = landmarkPoints.decode(cursor);
    return { facts: [{ name: 'points', value: points.length }] };
  },
  encode: ({ points }) =>
    Buffer.from(
      [
        'version: 1',
        `n_points: ${String(points.length)}`,
        '{',
        ...points.map(([x, y]) => `${String(x)} ${String(y)}`),
        '}',
        '',
      ].join('\n'),
    ),
};

/**
 * The five points that faces are aligned by, out of 68 (counted from 0; insightface, src/data/agedb2pack2.py): eyes are
 * the mean of their corners 36, 39 and 42, 45; nose 33; corners of the mouth 48 and 54.
 */
export function fivePoints({ points }: LandmarkPoints): (readonly [number, number])[] | undefined {
  if (points.length !== 68) return undefined;
  const at = (index: number): readonly [number, number] => points[index] ?? [NaN, NaN];
  const mean = (a: number, b: number): readonly [number, number] => [
    (at(a)[0] + at(b)[0]) / 2,
    (at(a)[1] + at(b)[1]) / 2,
  ];
  return [mean(36, 39), mean(42, 45), at(33), at(48), at(54)];
}
