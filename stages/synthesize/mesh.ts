/** Red, green, blue (linear albedo) and gloss per texel, row by row. */
export interface Texture {
  readonly width: number;
  readonly height: number;
  readonly texels: Float32Array;
}

/**
 * Triangles with a texture. Positions are x (right), y (down), z (towards the camera) in template pixels, the middle of
 * the face at x = 0. Seen from outside, the corners of a triangle run clockwise on the screen.
 */
export interface Mesh {
  /** 3 per vertex. */
  readonly positions: Float32Array;
  /** Texel coordinates, 2 per vertex. */
  readonly texture: Texture;
  readonly coordinates: Float32Array;
  /** 3 vertices per triangle. */
  readonly triangles: Uint16Array;
}

/** The two triangles of every cell of a grid of vertices, row by row. */
export function gridTriangles(rows: number, columns: number): Uint16Array {
  const triangles = new Uint16Array((rows - 1) * (columns - 1) * 6);
  let next = 0;
  for (let row = 0; row + 1 < rows; row += 1) {
    for (let column = 0; column + 1 < columns; column += 1) {
      const corner = row * columns + column;
      const below = corner + columns;
      triangles.set([corner, corner + 1, below, below, corner + 1, below + 1], next);
      next += 6;
    }
  }
  return triangles;
}

/** Unit normals, 3 per vertex: the sum of the normals of the triangles around it, weighted by their area. */
export function vertexNormals(positions: Float32Array, triangles: Uint16Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let corner = 0; corner < triangles.length; corner += 3) {
    const a = 3 * (triangles[corner] ?? 0);
    const b = 3 * (triangles[corner + 1] ?? 0);
    const c = 3 * (triangles[corner + 2] ?? 0);
    const ax = positions[a] ?? 0;
    const ay = positions[a + 1] ?? 0;
    const az = positions[a + 2] ?? 0;
    const ux = (positions[b] ?? 0) - ax;
    const uy = (positions[b + 1] ?? 0) - ay;
    const uz = (positions[b + 2] ?? 0) - az;
    const vx = (positions[c] ?? 0) - ax;
    const vy = (positions[c + 1] ?? 0) - ay;
    const vz = (positions[c + 2] ?? 0) - az;
    const x = uy * vz - uz * vy;
    const y = uz * vx - ux * vz;
    const z = ux * vy - uy * vx;
    add(normals, a, x, y, z);
    add(normals, b, x, y, z);
    add(normals, c, x, y, z);
  }
  normalizeTriples(normals);
  return normals;
}

function add(target: Float32Array, at: number, x: number, y: number, z: number): void {
  target[at] = (target[at] ?? 0) + x;
  target[at + 1] = (target[at + 1] ?? 0) + y;
  target[at + 2] = (target[at + 2] ?? 0) + z;
}

function normalizeTriples(values: Float32Array): void {
  for (let at = 0; at < values.length; at += 3) {
    const x = values[at] ?? 0;
    const y = values[at + 1] ?? 0;
    const z = values[at + 2] ?? 0;
    const scale = 1 / Math.max(1e-9, Math.sqrt(x * x + y * y + z * z));
    values[at] = x * scale;
    values[at + 1] = y * scale;
    values[at + 2] = z * scale;
  }
}

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
