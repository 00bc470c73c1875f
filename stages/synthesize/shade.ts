import { type Color, mixColor, multiplyColor, scaleColor } from './color.ts';
import { type Mesh, sampleTexture, type Texture } from './mesh.ts';
import { cloudNoise, smoothStep, valueNoise } from './noise.ts';
import type { VisibilityMap } from './rasterize.ts';
import type { Shot } from './shot.ts';

/** A mesh on the canvas. */
export interface LitMesh {
  readonly mesh: Mesh;
  /** Red, green, blue light and highlight: 4 per vertex. */
  readonly light: Float32Array;
  /** Brightness of the inside of an open surface. */
  readonly inside: number;
}

/** Pixels of one mesh no farther apart in depth than this are shaded as one. */
const flatDepth = 3;

/** What is drawn where no mesh is: writes linear red, green, blue for a place of the image. */
export type Backdrop = (x: number, y: number, target: Float32Array) => void;

/**
 * Colours a visibility map twice the size of the image: linear red, green, blue per pixel, the mean of its four samples.
 * Where all four are on one smooth surface, the surface is looked up once.
 */
export function shadeImage(map: VisibilityMap, meshes: readonly LitMesh[], backdrop: Backdrop): Float32Array {
  const size = map.size / 2;
  const colors = new Float32Array(3 * size * size);
  const shader = new Shader(map, meshes);
  const color = new Float32Array(3);
  for (let y = 0; y < size; y += 1) {
    for (let x = 0; x < size; x += 1) {
      const first = 2 * (y * map.size + x);
      const at = 3 * (y * size + x);
      if (shader.isFlat(first)) {
        if (map.mesh[first] === 0) backdrop(x, y, color);
        else shader.shade(first, first + map.size + 1, color);
        addColor(colors, at, color, 1);
        continue;
      }
      for (const sample of [first, first + 1, first + map.size, first + map.size + 1]) {
        if (map.mesh[sample] === 0) backdrop(x, y, color);
        else shader.shade(sample, sample, color);
        addColor(colors, at, color, 0.25);
      }
    }
  }
  return colors;
}

function addColor(colors: Float32Array, at: number, color: Float32Array, share: number): void {
  for (let channel = 0; channel < 3; channel += 1) {
    colors[at + channel] = (colors[at + channel] ?? 0) + share * (color[channel] ?? 0);
  }
}

/** Looks up texture and light of samples of a visibility map. */
class Shader {
  readonly #map: VisibilityMap;
  readonly #meshes: readonly LitMesh[];
  /** Texel coordinates and light of one place: u, v, red, green, blue, highlight. */
  readonly #place = new Float32Array(6);
  readonly #texel = new Float32Array(4);

  constructor(map: VisibilityMap, meshes: readonly LitMesh[]) {
    this.#map = map;
    this.#meshes = meshes;
  }

  /** Whether the four samples from `first` on are on one mesh at about one depth, or all on none. */
  isFlat(first: number): boolean {
    const { mesh, depth, size } = this.#map;
    const id = mesh[first] ?? 0;
    const below = first + size;
    if (mesh[first + 1] !== id || mesh[below] !== id || mesh[below + 1] !== id) return false;
    if (id === 0) return true;
    const z = depth[first] ?? 0;
    const range = Math.abs((depth[first + 1] ?? 0) - z) + Math.abs((depth[below] ?? 0) - z);
    return range < flatDepth;
  }

  /** The colour half-way between two samples of one mesh. */
  shade(first: number, second: number, color: Float32Array): void {
    const id = this.#map.mesh[first] ?? 0;
    const lit = this.#meshes[(id & 127) - 1];
    if (lit === undefined) throw new Error('a sample names no mesh');
    const place = this.#place.fill(0);
    this.#addPlace(lit, first);
    this.#addPlace(lit, second);
    sampleTexture(lit.mesh.texture, 0.5 * (place[0] ?? 0), 0.5 * (place[1] ?? 0), this.#texel);
    const dim = id > 128 ? 0.5 * lit.inside : 0.5;
    const shine = (this.#texel[3] ?? 0) * (place[5] ?? 0);
    for (let channel = 0; channel < 3; channel += 1) {
      color[channel] = dim * ((this.#texel[channel] ?? 0) * (place[2 + channel] ?? 0) + shine);
    }
  }

  #addPlace({ mesh, light }: LitMesh, sample: number): void {
    const corner = this.#map.corner[sample] ?? 0;
    const w0 = this.#map.weights[2 * sample] ?? 0;
    const w1 = this.#map.weights[2 * sample + 1] ?? 0;
    this.#addVertex(mesh, light, mesh.triangles[corner] ?? 0, w0);
    this.#addVertex(mesh, light, mesh.triangles[corner + 1] ?? 0, w1);
    this.#addVertex(mesh, light, mesh.triangles[corner + 2] ?? 0, 1 - w0 - w1);
  }

  #addVertex({ coordinates }: Mesh, light: Float32Array, vertex: number, weight: number): void {
    const place = this.#place;
    place[0] = (place[0] ?? 0) + weight * (coordinates[2 * vertex] ?? 0);
    place[1] = (place[1] ?? 0) + weight * (coordinates[2 * vertex + 1] ?? 0);
    place[2] = (place[2] ?? 0) + weight * (light[4 * vertex] ?? 0);
    place[3] = (place[3] ?? 0) + weight * (light[4 * vertex + 1] ?? 0);
    place[4] = (place[4] ?? 0) + weight * (light[4 * vertex + 2] ?? 0);
    place[5] = (place[5] ?? 0) + weight * (light[4 * vertex + 3] ?? 0);
  }
}

/** The backdrop is out of focus: so many texels across are enough. */
const backdropTexels = 32;

/** What stands behind the person in an image of `size` pixels: a gradient, blurred shapes, now and then an edge. */
export function paintBackdrop(shot: Shot, size: number): Backdrop {
  const texture = backdropTexture(shot);
  const texel = new Float32Array(4);
  const scale = (backdropTexels - 1) / (size - 1);
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
  const texels = new Float32Array(4 * backdropTexels * backdropTexels);
  for (let index = 0; index < backdropTexels * backdropTexels; index += 1) {
    const x = (index % backdropTexels) / backdropTexels;
    const y = Math.floor(index / backdropTexels) / backdropTexels;
    const blobs = cloudNoise(seed, 3 * x, 3 * y);
    const post = smoothStep(-0.02, 0.02, x - edge - 0.3 * slant * y);
    const share = y + slant * (x - 0.5) + backdrop.clutter * (0.8 * blobs + 0.5 * post);
    const color = mixColor(top, bottom, smoothStep(0, 1, share));
    texels.set(scaleColor(color, 1 + 0.5 * backdrop.clutter * blobs), 4 * index);
  }
  return { width: backdropTexels, height: backdropTexels, texels };
}
