import type { Mesh } from './mesh.ts';

/** A square of pixels under construction; `depth` grows towards the viewer. */
export interface Canvas {
  readonly size: number;
  /** Linear red, green, blue per pixel. */
  readonly colors: Float32Array;
  readonly depth: Float32Array;
}

/** A mesh on its way to the canvas. */
export interface LitMesh {
  readonly mesh: Mesh;
  /** Canvas x and y in pixels, and depth: 3 per vertex. */
  readonly screen: Float32Array;
  /** Red, green, blue light and highlight: 4 per vertex. */
  readonly light: Float32Array;
  /** Brightness of the inside of an open surface; 0 does not draw it. */
  readonly inside: number;
}

/** What fills the pixels of a triangle: three corners and barycentric weights come in. */
type Fill = (pixel: number, corners: Corners, w0: number, w1: number, w2: number) => void;

interface Corners {
  a: number;
  b: number;
  c: number;
  back: boolean;
}

/** Draws a lit mesh with its texture, nearer pixels in front. */
export function drawMesh(canvas: Canvas, { mesh, screen, light, inside }: LitMesh): void {
  const { coordinates, texture } = mesh;
  const { colors } = canvas;
  const sample = new Float32Array(4);
  const fill: Fill = (pixel, { a, b, c, back }, w0, w1, w2) => {
    const u = w0 * (coordinates[2 * a] ?? 0) + w1 * (coordinates[2 * b] ?? 0) + w2 * (coordinates[2 * c] ?? 0);
    const v =
      w0 * (coordinates[2 * a + 1] ?? 0) + w1 * (coordinates[2 * b + 1] ?? 0) + w2 * (coordinates[2 * c + 1] ?? 0);
    sampleTexture(texture, u, v, sample);
    const dim = back ? inside : 1;
    const shine =
      (sample[3] ?? 0) * (w0 * (light[4 * a + 3] ?? 0) + w1 * (light[4 * b + 3] ?? 0) + w2 * (light[4 * c + 3] ?? 0));
    for (let channel = 0; channel < 3; channel += 1) {
      const lit =
        w0 * (light[4 * a + channel] ?? 0) + w1 * (light[4 * b + channel] ?? 0) + w2 * (light[4 * c + channel] ?? 0);
      colors[3 * pixel + channel] = dim * ((sample[channel] ?? 0) * lit + shine);
    }
  };
  rasterize(canvas, { triangles: mesh.triangles, screen, fill, twoSided: inside > 0 });
}

/** Draws depth alone, both sides of every triangle. */
export function drawDepth(canvas: Pick<Canvas, 'size' | 'depth'>, triangles: Uint16Array, screen: Float32Array): void {
  rasterize(canvas, { triangles, screen, fill: () => undefined, twoSided: true });
}

interface RasterJob {
  readonly triangles: Uint16Array;
  readonly screen: Float32Array;
  readonly fill: Fill;
  readonly twoSided: boolean;
}

/** Visits the pixel centres inside every triangle that are nearer than what is there (edge functions, Pineda 1988). */
function rasterize({ size, depth }: Pick<Canvas, 'size' | 'depth'>, job: RasterJob): void {
  const { triangles, screen, fill, twoSided } = job;
  const corners: Corners = { a: 0, b: 0, c: 0, back: false };
  for (let corner = 0; corner < triangles.length; corner += 3) {
    const a = triangles[corner] ?? 0;
    const b = triangles[corner + 1] ?? 0;
    const c = triangles[corner + 2] ?? 0;
    const ax = screen[3 * a] ?? 0;
    const ay = screen[3 * a + 1] ?? 0;
    const bx = screen[3 * b] ?? 0;
    const by = screen[3 * b + 1] ?? 0;
    const cx = screen[3 * c] ?? 0;
    const cy = screen[3 * c + 1] ?? 0;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0 || (area < 0 && !twoSided)) continue;
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
    const right = Math.min(size - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const bottom = Math.min(size - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    if (left > right || top > bottom) continue;
    corners.a = a;
    corners.b = b;
    corners.c = c;
    corners.back = area < 0;
    const az = screen[3 * a + 2] ?? 0;
    const bz = screen[3 * b + 2] ?? 0;
    const cz = screen[3 * c + 2] ?? 0;
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) {
        const px = x + 0.5;
        const py = y + 0.5;
        const w0 = ((cx - bx) * (py - by) - (cy - by) * (px - bx)) / area;
        const w1 = ((ax - cx) * (py - cy) - (ay - cy) * (px - cx)) / area;
        const w2 = 1 - w0 - w1;
        if (w0 < -1e-6 || w1 < -1e-6 || w2 < -1e-6) continue;
        const z = w0 * az + w1 * bz + w2 * cz;
        const pixel = y * size + x;
        if (z <= (depth[pixel] ?? 0)) continue;
        depth[pixel] = z;
        fill(pixel, corners, w0, w1, w2);
      }
    }
  }
}

/** Red, green, blue and gloss between texels (bilinear); column and row beyond the edge extend it. */
export function sampleTexture(texture: Mesh['texture'], u: number, v: number, target: Float32Array): void {
  const { width, height, texels } = texture;
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
