import type { Texture } from './mesh.ts';

/** Red, green, blue and gloss between texels (bilinear); places beyond the edge continue it. */
export function sampleTexture({ width, height, texels }: Texture, u: number, v: number, target: Float32Array): void {
  const column = Math.max(0, Math.min(width - 2, Math.floor(u)));
  const row = Math.max(0, Math.min(height - 2, Math.floor(v)));
  const x = u - column;
  const y = v - row;
  const at = 4 * (row * width + column);
  const below = at + 4 * width;
  for (let channel = 0; channel < 4; channel += 1) {
    const top = (texels[at + channel] ?? 0) * (1 - x) + (texels[at + 4 + channel] ?? 0) * x;
    const bottom = (texels[below + channel] ?? 0) * (1 - x) + (texels[below + 4 + channel] ?? 0) * x;
    target[channel] = top * (1 - y) + bottom * y;
  }
}
