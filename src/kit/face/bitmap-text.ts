import type { RgbImage } from '../image/rgb-image.ts';

/*
 * Letters as dots, for figures on images: no font of the system is needed, so the image is the same everywhere.
 * A glyph is 5 dots wide and 7 high, a row per string.
 */
const glyphs: Readonly<Record<string, readonly string[]>> = {
  ' ': ['', '', '', '', '', '', ''],
  '-': ['', '', '', ' ### ', '', '', ''],
  '.': ['', '', '', '', '', '  ## ', '  ## '],
  ':': ['', '  ## ', '  ## ', '', '  ## ', '  ## ', ''],
  '0': [' ### ', '#   #', '#  ##', '# # #', '##  #', '#   #', ' ### '],
  '1': ['  #  ', ' ##  ', '  #  ', '  #  ', '  #  ', '  #  ', ' ### '],
  '2': [' ### ', '#   #', '    #', '   # ', '  #  ', ' #   ', '#####'],
  '3': ['#####', '   # ', '  #  ', '   # ', '    #', '#   #', ' ### '],
  '4': ['   # ', '  ## ', ' # # ', '#  # ', '#####', '   # ', '   # '],
  '5': ['#####', '#    ', '#### ', '    #', '    #', '#   #', ' ### '],
  '6': ['  ## ', ' #   ', '#    ', '#### ', '#   #', '#   #', ' ### '],
  '7': ['#####', '    #', '   # ', '  #  ', ' #   ', ' #   ', ' #   '],
  '8': [' ### ', '#   #', '#   #', ' ### ', '#   #', '#   #', ' ### '],
  '9': [' ### ', '#   #', '#   #', ' ####', '    #', '   # ', ' ##  '],
  d: ['    #', '    #', ' ## #', '#  ##', '#   #', '#   #', ' ####'],
  e: ['', '', ' ### ', '#   #', '#####', '#    ', ' ### '],
  h: ['#    ', '#    ', '# ## ', '##  #', '#   #', '#   #', '#   #'],
  l: [' ##  ', '  #  ', '  #  ', '  #  ', '  #  ', '  #  ', ' ### '],
  o: ['', '', ' ### ', '#   #', '#   #', '#   #', ' ### '],
  r: ['', '', '# ## ', '##  #', '#    ', '#    ', '#    '],
  s: ['', '', ' ### ', '#    ', ' ### ', '    #', '#### '],
  t: [' #   ', ' #   ', '###  ', ' #   ', ' #   ', ' #  #', '  ## '],
};

const advance = 6;

/** Width of a text in pixels, in dots of `scale` pixels. */
export function textWidth(text: string, scale: number): number {
  return Math.max(0, text.length * advance - 1) * scale;
}

export const textHeight = (scale: number): number => 7 * scale;

export interface TextPlace {
  /** Upper left corner, in pixels. */
  readonly left: number;
  readonly top: number;
  /** Pixels per dot. */
  readonly scale: number;
  readonly color: readonly [number, number, number];
}

/** Draws digits, `-`, `.`, `:` and the letters of "threshold" onto an image; anything else is a defect of ours. */
export function drawText(image: RgbImage, text: string, { left, top, scale, color }: TextPlace): void {
  for (const [index, character] of Array.from(text).entries()) {
    const glyph = glyphs[character];
    if (glyph === undefined) throw new Error(`there is no glyph for "${character}"`);
    for (const [row, dots] of glyph.entries()) {
      for (const [column, dot] of Array.from(dots).entries()) {
        if (dot !== '#') continue;
        const place = { left: left + (index * advance + column) * scale, top: top + row * scale };
        fillSquare(image, { ...place, scale, color });
      }
    }
  }
}

function fillSquare(image: RgbImage, { left, top, scale: side, color }: TextPlace): void {
  for (let y = Math.max(0, top); y < Math.min(image.height, top + side); y += 1) {
    for (let x = Math.max(0, left); x < Math.min(image.width, left + side); x += 1) {
      image.data.set(color, 3 * (y * image.width + x));
    }
  }
}
