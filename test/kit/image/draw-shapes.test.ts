import { expect, it } from 'vitest';
import { drawDisc, drawFrame, fillArea, stacked } from '../../../src/kit/image/draw-shapes.ts';

const colour = [255, 255, 255] as const;

function black(width: number, height: number) {
  return { width, height, data: new Uint8Array(width * height * 3) };
}

/** The first channel as text: `#` where it is light. */
function shown({ width, data }: { readonly width: number; readonly data: Uint8Array }): string[] {
  const dots = Array.from({ length: data.length / 3 }, (_, pixel) => ((data[3 * pixel] ?? 0) > 0 ? '#' : '.')).join('');
  return dots.match(new RegExp(`.{${width}}`, 'g')) ?? [];
}

it('draws the frame of an area, as far as it is inside of the image', () => {
  const image = black(6, 5);
  drawFrame(image, { left: 1, top: 1, right: 9, bottom: 4 }, { colour, thickness: 1 });
  expect(shown(image)).toEqual(['......', '.#####', '.#....', '.#####', '......']);
});

it('draws discs, and nothing of what is far outside', () => {
  const image = black(5, 5);
  drawDisc(image, [2, 2], { colour, radius: 1 });
  fillArea(image, { left: -9, top: -9, right: -3, bottom: -3 }, colour);
  expect(shown(image)).toEqual(['.....', '..#..', '.###.', '..#..', '.....']);
});

it('puts images below each other', () => {
  const light = { width: 1, height: 1, data: Uint8Array.from([9, 9, 9]) };
  expect(shown(stacked([black(2, 1), light]))).toEqual(['..', '#.']);
});
