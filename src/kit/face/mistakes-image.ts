import { decodeImage, type RgbImage } from '../image/image.ts';
import type { VerificationSet } from '../codec/insightface/verification-set.ts';
import { drawText, textHeight, textWidth } from './bitmap-text.ts';
import type { WrongPair } from './verification-result.ts';

/** As in the 2018 system (src/eval/verification.py, mode 1). */
const columns = 4;
const gap = 10;
const footerHeight = 20;

const black = [0, 0, 0] as const;
const yellow = [255, 230, 0] as const;

/**
 * Wrong pairs as one image: both faces of a pair beside each other, four pairs in a row, the distance on each pair, and
 * the mean threshold of the folds in a white footer. Undefined if there are none.
 */
export async function mistakesImage(
  wrong: readonly WrongPair[],
  set: VerificationSet,
  threshold: number,
): Promise<RgbImage | undefined> {
  const pairs = await Promise.all(wrong.map(({ pair }) => facesOf(set, pair)));
  const size = pairs[0]?.[0];
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
  for (const [index, faces] of pairs.entries()) {
    const left = (index % columns) * (cell.width + gap);
    const top = Math.floor(index / columns) * (cell.height + gap);
    for (const [side, face] of faces.entries()) paste(image, face, { left: left + side * size.width, top });
    drawDistance(image, wrong[index]?.distance ?? 0, { left, top, ...cell });
  }
  image.data.fill(255, width * gridHeight * 3);
  const text = `threshold: ${threshold.toFixed(3)}`;
  drawText(image, text, { left: gap, top: gridHeight + 3, scale: 2, color: black });
  return image;
}

async function facesOf(set: VerificationSet, pair: number): Promise<readonly RgbImage[]> {
  const faces = [set.images[2 * pair], set.images[2 * pair + 1]];
  return Promise.all(faces.map((bytes) => decodeImage(bytes ?? new Uint8Array(), `pair ${pair}`)));
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
function drawDistance(image: RgbImage, distance: number, cell: Cell): void {
  const scale = cell.height < 64 ? 1 : 2;
  const text = distance.toFixed(3);
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
