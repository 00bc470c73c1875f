import { type Color, mixColor, multiplyColor, scaleColor } from './color.ts';
import type { Texture } from './mesh.ts';
import { cloudNoise, smoothStep, valueNoise } from './noise.ts';
import { sampleTexture } from './sample-texture.ts';
import type { Backdrop } from './shade.ts';
import type { Shot } from './shot.ts';

/** The backdrop is out of focus: so many samples across are enough. */
const samples = 32;

/** What stands behind the person in an image of `size` pixels: a gradient, blurred shapes, now and then an edge. */
export function paintBackdrop(shot: Shot, size: number): Backdrop {
  const texture = backdropTexture(shot);
  const texel = new Float32Array(4);
  const scale = (samples - 1) / (size - 1);
  return (x, y, target) => {
    sampleTexture(texture, x * scale, y * scale, texel);
    for (let channel = 0; channel < 3; channel += 1) target[channel] = texel[channel] ?? 0;
  };
}

function backdropTexture({ seed, backdrop, light }: Shot): Texture {
  const lamp: Color = [0.5 + 0.5 * light.key[0], 0.5 + 0.5 * light.key[1], 0.5 + 0.5 * light.key[2]];
  const top = multiplyColor(backdrop.top, lamp);
  const bottom = multiplyColor(backdrop.bottom, lamp);
  const slant = valueNoise(seed, 0.5, 0.5);
  const edge = 0.5 + 0.6 * valueNoise(seed, 7.5, 0.5);
  const texels = new Float32Array(4 * samples * samples);
  for (let index = 0; index < samples * samples; index += 1) {
    const x = (index % samples) / samples;
    const y = Math.floor(index / samples) / samples;
    const blobs = cloudNoise(seed, 3 * x, 3 * y);
    const post = smoothStep(-0.02, 0.02, x - edge - 0.3 * slant * y);
    const share = y + slant * (x - 0.5) + backdrop.clutter * (0.8 * blobs + 0.5 * post);
    const color = mixColor(top, bottom, smoothStep(0, 1, share));
    texels.set(scaleColor(color, 1 + 0.5 * backdrop.clutter * blobs), 4 * index);
  }
  return { width: samples, height: samples, texels };
}
