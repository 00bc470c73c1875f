import { expect, it } from 'vitest';
import { failuresOf } from '../kit/dataset/tiny-faces.ts';
import { cutFace, usualTemplate } from '../../src/embedding/face-template.ts';
import { pointsIn } from '../../src/kit/face/align-face.ts';

const image = { width: 200, height: 200, data: new Uint8Array(200 * 200 * 3).map((_, at) => (at * 7) % 251) };

it('places the points of a face where dlib has them in its chips of 150 pixels', () => {
  const points = pointsIn({ width: 150, height: 150 }, 'dlib').map((point) =>
    point.map((value) => Number(value.toFixed(1))),
  );
  expect(points).toEqual([
    [47.5, 46.6],
    [100.5, 46.6],
    [74, 76.6],
    [50.4, 103],
    [97.6, 103],
  ]);
});

it('takes a face whose points are in place as it is, whatever the template', () => {
  for (const [side, template] of [
    [112, 'arcface'],
    [150, 'dlib'],
  ] as const) {
    const size = { width: side, height: side };
    expect(usualTemplate(size)).toBe(template);
    const [a, b, c, d, e] = pointsIn(size, template);
    if (a === undefined || b === undefined || c === undefined || d === undefined || e === undefined)
      throw new Error('five points');
    const cut = cutFace(image, { points: [a, b, c, d, e] }, { size, template });
    const row = 50;
    const wanted = image.data.subarray(row * 200 * 3, (row * 200 + side - 1) * 3);
    expect(cut.data.subarray(row * side * 3, (row * side + side - 1) * 3)).toEqual(wanted);
  }
});

it('refuses a face without points', async () => {
  const [failure] = await failuresOf(() =>
    cutFace(image, {}, { size: { width: 112, height: 112 }, template: 'arcface' }),
  );
  expect(failure).toMatchObject({ code: 'no-points', message: 'the face has no points to align it by' });
});
