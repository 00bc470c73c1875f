import { type HeadShape, crownY, hairline } from './head-shape.ts';
import type { Identity } from './identity.ts';
import type { Color } from './color.ts';
import type { Texture } from './mesh.ts';

/** The head's texture unrolls it by angle and height; texels are about as large as the pixels of an image. */
export const textureWidth = 232;
export const textureHeight = 150;
/** Angles beyond are never seen. */
export const maxAngle = 2.25;

/** The place in the texture of a place of the head. */
export interface TextureMap {
  column(angle: number): number;
  row(y: number): number;
  angle(column: number): number;
  y(row: number): number;
}

export function textureMap(chinY: number): TextureMap {
  const rowsPerPixel = (textureHeight - 1) / (chinY - crownY);
  const columnsPerRadian = (textureWidth - 1) / (2 * maxAngle);
  return {
    column: (angle) => (angle + maxAngle) * columnsPerRadian,
    row: (y) => (y - crownY) * rowsPerPixel,
    angle: (column) => column / columnsPerRadian - maxAngle,
    y: (row) => crownY + row / rowsPerPixel,
  };
}

/** One texel to paint: its index and its place on the bald head. */
export interface Spot {
  readonly index: number;
  readonly angle: number;
  readonly x: number;
  readonly y: number;
  /** Height above which there is hair at this angle. */
  readonly hairline: number;
}

/** Visits all texels, row by row. */
export function visitSpots(identity: Identity, shape: HeadShape, visit: (spot: Spot) => void): void {
  const map = textureMap(identity.skull.chinY);
  const columns = Array.from({ length: textureWidth }, (_, column) => {
    const angle = map.angle(column);
    return { angle, spread: shape.spread(angle), hairline: hairline(identity, angle) };
  });
  for (let row = 0; row < textureHeight; row += 1) {
    const y = map.y(row);
    const halfWidth = shape.halfWidth(y);
    columns.forEach(({ angle, spread, hairline: line }, column) => {
      visit({ index: row * textureWidth + column, angle, x: halfWidth * spread, y, hairline: line });
    });
  }
}

/** Lays a colour over a texel: `cover` 0 leaves it, 1 replaces it. */
export function layOver(texture: Texture, index: number, color: Color, cover: number, gloss?: number): void {
  if (cover <= 0) return;
  const share = Math.min(1, cover);
  const { texels } = texture;
  const at = 4 * index;
  for (let channel = 0; channel < 3; channel += 1) {
    const old = texels[at + channel] ?? 0;
    texels[at + channel] = old + ((color[channel] ?? 0) - old) * share;
  }
  if (gloss !== undefined) texels[at + 3] = (texels[at + 3] ?? 0) * (1 - share) + gloss * share;
}

/** Multiplies a texel: `cover` 0 leaves it, 1 multiplies by the whole colour. */
export function darken(texture: Texture, index: number, color: Color, cover: number): void {
  if (cover <= 0) return;
  const share = Math.min(1, cover);
  const at = 4 * index;
  for (let channel = 0; channel < 3; channel += 1) {
    const factor = 1 + ((color[channel] ?? 1) - 1) * share;
    texture.texels[at + channel] = (texture.texels[at + channel] ?? 0) * factor;
  }
}
