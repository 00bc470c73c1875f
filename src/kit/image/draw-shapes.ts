import type { ImageArea, RgbImage } from './rgb-image.ts';

/** Red, green, blue, 0..255. */
export type Colour = readonly [number, number, number];

/** Fills the part of an area that is inside the image. Changes the image. */
export function fillArea(image: RgbImage, area: ImageArea, colour: Colour): void {
  const left = Math.max(0, Math.round(area.left));
  const right = Math.min(image.width, Math.round(area.right));
  const bottom = Math.min(image.height, Math.round(area.bottom));
  for (let y = Math.max(0, Math.round(area.top)); y < bottom; y += 1) {
    for (let x = left; x < right; x += 1) image.data.set(colour, 3 * (y * image.width + x));
  }
}

/** Draws the four edges of an area, `thickness` pixels wide, inside of it. Changes the image. */
export function drawFrame(image: RgbImage, area: ImageArea, { colour, thickness }: Stroke): void {
  const { left, top, right, bottom } = area;
  fillArea(image, { left, top, right, bottom: top + thickness }, colour);
  fillArea(image, { left, top: bottom - thickness, right, bottom }, colour);
  fillArea(image, { left, top, right: left + thickness, bottom }, colour);
  fillArea(image, { left: right - thickness, top, right, bottom }, colour);
}

export interface Stroke {
  readonly colour: Colour;
  /** Pixels. */
  readonly thickness: number;
}

/** Fills the pixels whose middle is at most `radius` from x, y. Changes the image. */
export function drawDisc(
  image: RgbImage,
  [x, y]: readonly [number, number],
  { colour, radius }: { readonly colour: Colour; readonly radius: number },
): void {
  for (let row = Math.floor(y - radius); row <= y + radius; row += 1) {
    const reach = Math.sqrt(Math.max(0, radius * radius - (row - y) ** 2));
    fillArea(image, { left: x - reach, top: row, right: x + reach + 1, bottom: row + 1 }, colour);
  }
}

/** Images below each other on black, each at the left edge. */
export function stacked(images: readonly RgbImage[]): RgbImage {
  const width = Math.max(1, ...images.map((image) => image.width));
  const height = Math.max(
    1,
    images.reduce((sum, image) => sum + image.height, 0),
  );
  const data = new Uint8Array(width * height * 3);
  let top = 0;
  for (const image of images) {
    for (let row = 0; row < image.height; row += 1) {
      const line = image.data.subarray(3 * row * image.width, 3 * (row + 1) * image.width);
      data.set(line, 3 * (top + row) * width);
    }
    top += image.height;
  }
  return { width, height, data };
}
