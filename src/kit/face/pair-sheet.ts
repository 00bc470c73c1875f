import type { RgbImage } from '../image/rgb-image.ts';
import { drawText, textHeight, textWidth } from './bitmap-text.ts';

/** As in the 2018 system (src/eval/verification.py, mode 1). */
const columns = 4;
const gap = 10;
const footerHeight = 20;

const black = [0, 0, 0] as const;
const yellow = [255, 230, 0] as const;

/** Two faces, and the number that is written on them. */
export interface SheetPair {
  readonly faces: readonly RgbImage[];
  readonly value: number;
}

/**
 * Pairs of faces as one image: both faces of a pair beside each other, four pairs in a row, the number on each pair, and the
 * threshold in a white footer. All faces have the size of the first. Undefined if there are none.
 */
export function pairSheet(pairs: readonly SheetPair[], threshold: number): RgbImage | undefined {
  const size = pairs[0]?.faces[0];
  if (size === undefined) return undefined;
  const cell = { width: 2 * size.width, height: size.height };
  const rows = Math.ceil(pairs.length / columns);
  const width = columns * cell.width + (columns - 1) * gap;
  const gridHeight = rows * (cell.height + gap);
  const image = {
    width,
    height: gridHeight + footerHeight,
    data: new Uint8Array(width * (gridHeight + footerHeight) * 3),
  };
  for (const [index, { faces, value }] of pairs.entries()) {
    const left = (index % columns) * (cell.width + gap);
    const top = Math.floor(index / columns) * (cell.height + gap);
    for (const [side, face] of faces.entries()) paste(image, face, { left: left + side * size.width, top });
    drawValue(image, value, { left, top, ...cell });
  }
  image.data.fill(255, width * gridHeight * 3);
  const text = `threshold: ${threshold.toFixed(3)}`;
  drawText(image, text, { left: gap, top: gridHeight + 3, scale: 2, color: black });
  return image;
}

function paste(target: RgbImage, source: RgbImage, { left, top }: Pick<Cell, 'left' | 'top'>): void {
  const bytes = source.width * 3;
  for (let row = 0; row < source.height; row += 1) {
    const line = source.data.subarray(row * bytes, (row + 1) * bytes);
    target.data.set(line, ((top + row) * target.width + left) * 3);
  }
}

interface Cell {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** In the middle of the lower edge, with a shadow: faces are light and dark. */
function drawValue(image: RgbImage, value: number, cell: Cell): void {
  const scale = cell.height < 64 ? 1 : 2;
  const text = value.toFixed(3);
  const left = cell.left + Math.floor((cell.width - textWidth(text, scale)) / 2);
  const top = cell.top + cell.height - textHeight(scale) - 4;
  for (const [dx, dy] of [
    [-1, 0],
    [1, 0],
    [0, -1],
    [0, 1],
  ] as const) {
    drawText(image, text, { left: left + dx, top: top + dy, scale, color: black });
  }
  drawText(image, text, { left, top, scale, color: yellow });
}
