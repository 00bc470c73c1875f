/** Which triangle is nearest at each pixel of a square. `depth` grows towards the viewer. */
export interface DepthMap {
  readonly size: number;
  /** -Infinity where there is nothing. */
  readonly depth: Float32Array;
}

/** A depth map that remembers what it shows. */
export interface VisibilityMap extends DepthMap {
  /** Index of the mesh + 1, and 128 more where its inner side is seen; 0 where there is nothing. */
  readonly mesh: Uint8Array;
  /** First of the three entries in the mesh's list of triangles. */
  readonly corner: Uint32Array;
  /** Barycentric weights of its first two vertices, 2 per pixel. */
  readonly weights: Float32Array;
}

export interface RasterJob {
  readonly triangles: Uint16Array;
  /** x and y in pixels, and depth: 3 per vertex. */
  readonly screen: Float32Array;
  /** Draws triangles seen from behind too. */
  readonly twoSided: boolean;
}

/** An empty visibility map. */
export function visibilityMap(size: number): VisibilityMap {
  return {
    size,
    depth: new Float32Array(size * size).fill(-Infinity),
    mesh: new Uint8Array(size * size),
    corner: new Uint32Array(size * size),
    weights: new Float32Array(2 * size * size),
  };
}

/** Finds the pixel centres inside every triangle that are nearer than what is there (edge functions; Pineda 1988). */
export function rasterize(map: DepthMap, { triangles, screen, twoSided }: RasterJob, record?: RasterRecord): void {
  for (let corner = 0; corner < triangles.length; corner += 3) {
    const a = 3 * (triangles[corner] ?? 0);
    const b = 3 * (triangles[corner + 1] ?? 0);
    const c = 3 * (triangles[corner + 2] ?? 0);
    const ax = screen[a] ?? 0;
    const ay = screen[a + 1] ?? 0;
    const bx = screen[b] ?? 0;
    const by = screen[b + 1] ?? 0;
    const cx = screen[c] ?? 0;
    const cy = screen[c + 1] ?? 0;
    const area = (bx - ax) * (cy - ay) - (by - ay) * (cx - ax);
    if (area === 0 || (area < 0 && !twoSided)) continue;
    const left = Math.max(0, Math.ceil(Math.min(ax, bx, cx) - 0.5));
    const right = Math.min(map.size - 1, Math.floor(Math.max(ax, bx, cx) - 0.5));
    const top = Math.max(0, Math.ceil(Math.min(ay, by, cy) - 0.5));
    const bottom = Math.min(map.size - 1, Math.floor(Math.max(ay, by, cy) - 0.5));
    const scale = 1 / area;
    const az = screen[a + 2] ?? 0;
    const bz = screen[b + 2] ?? 0;
    const cz = screen[c + 2] ?? 0;
    for (let y = top; y <= bottom; y += 1) {
      for (let x = left; x <= right; x += 1) {
        const w0 = ((cx - bx) * (y + 0.5 - by) - (cy - by) * (x + 0.5 - bx)) * scale;
        const w1 = ((ax - cx) * (y + 0.5 - cy) - (ay - cy) * (x + 0.5 - cx)) * scale;
        const w2 = 1 - w0 - w1;
        if (w0 < -1e-6 || w1 < -1e-6 || w2 < -1e-6) continue;
        const z = w0 * az + w1 * bz + w2 * cz;
        const pixel = y * map.size + x;
        if (z <= (map.depth[pixel] ?? 0)) continue;
        map.depth[pixel] = z;
        if (record === undefined) continue;
        record.map.mesh[pixel] = record.mesh + (area < 0 ? 129 : 1);
        record.map.corner[pixel] = corner;
        record.map.weights[2 * pixel] = w0;
        record.map.weights[2 * pixel + 1] = w1;
      }
    }
  }
}

/** Where to note what is seen. */
export interface RasterRecord {
  readonly map: VisibilityMap;
  /** Index of the mesh that is drawn. */
  readonly mesh: number;
}
