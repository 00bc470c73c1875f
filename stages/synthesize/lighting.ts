import { vertexNormals } from './mesh.ts';
import { clamp } from './noise.ts';
import { rasterize } from './rasterize.ts';
import type { Light } from './shot.ts';

/** Texels of the shadow map, and the half width of the cube it covers, in template pixels. */
const mapSize = 96;
const mapReach = 84;
/** How far a surface may be behind the map before it counts as in the shadow: hides the coarseness of the map. */
const shadowBias = 2.4;
/** How far light creeps around the edge of the lit side, by colour: skin scatters red farthest. */
const wrap = [0.38, 0.22, 0.16] as const;

/** A mesh, placed before the camera. */
export interface PlacedMesh {
  readonly positions: Float32Array;
  readonly triangles: Uint16Array;
}

/** Light that falls on every vertex of every mesh (red, green, blue, highlight), with the shadows they throw on each other. */
export function lightMeshes(meshes: readonly PlacedMesh[], light: Light): readonly Float32Array[] {
  const axes = lightAxes(light.direction);
  const mapped = meshes.map(({ positions }) => toLightSpace(positions, axes));
  const depth = new Float32Array(mapSize * mapSize).fill(-Infinity);
  meshes.forEach(({ triangles }, index) => {
    rasterize({ size: mapSize, depth }, { triangles, screen: mapped[index] ?? new Float32Array(), twoSided: true });
  });
  return meshes.map(({ positions, triangles }, index) => {
    const normals = vertexNormals(positions, triangles);
    return lightVertices(normals, light, (vertex) => shadowAt(depth, mapped[index], vertex, light.softness));
  });
}

function lightVertices(normals: Float32Array, light: Light, litAt: (vertex: number) => number): Float32Array {
  const [lx, ly, lz] = light.direction;
  const half = 1 / Math.hypot(lx, ly, lz + 1);
  const result = new Float32Array((normals.length / 3) * 4);
  for (let vertex = 0; 3 * vertex < normals.length; vertex += 1) {
    const nx = normals[3 * vertex] ?? 0;
    const ny = normals[3 * vertex + 1] ?? 0;
    const nz = normals[3 * vertex + 2] ?? 0;
    const facing = nx * lx + ny * ly + nz * lz;
    const lit = facing > -0.4 ? litAt(vertex) : 0;
    const up = 0.5 - 0.5 * ny;
    for (let channel = 0; channel < 3; channel += 1) {
      const creep = wrap[channel] ?? 0;
      const bright = Math.max(0, (facing + creep) / (1 + creep));
      const ambient = (light.ground[channel] ?? 0) * (1 - up) + (light.sky[channel] ?? 0) * up;
      result[4 * vertex + channel] = lit * bright * Math.sqrt(Math.sqrt(bright)) * (light.key[channel] ?? 0) + ambient;
    }
    const mirror = Math.max(0, (nx * lx + ny * ly + nz * (lz + 1)) * half);
    result[4 * vertex + 3] = facing > 0 ? 0.5 * lit * sixteenthPower(mirror) : 0;
  }
  return result;
}

/** The highlight of Blinn (1977): quicker by squaring than by a general power. */
function sixteenthPower(value: number): number {
  const fourth = value * value * value * value;
  return fourth * fourth * fourth * fourth;
}

type Axis = readonly [number, number, number];

interface LightAxes {
  readonly right: Axis;
  readonly down: Axis;
  readonly towards: Axis;
}

/** Right, down and towards the lamp, as seen from the lamp. */
function lightAxes([x, y, z]: Light['direction']): LightAxes {
  const flat = Math.max(1e-6, Math.hypot(x, z));
  const right = [z / flat, 0, -x / flat] as const;
  const down = [-(x * y) / flat, flat, -(y * z) / flat] as const;
  return { right, down, towards: [x, y, z] };
}

/** Map column, map row and depth of every vertex. */
function toLightSpace(positions: Float32Array, { right, down, towards }: LightAxes): Float32Array {
  const result = new Float32Array(positions.length);
  const scale = mapSize / (2 * mapReach);
  for (let at = 0; at < positions.length; at += 3) {
    const x = positions[at] ?? 0;
    const y = (positions[at + 1] ?? 0) - 62;
    const z = positions[at + 2] ?? 0;
    result[at] = (x * right[0] + y * right[1] + z * right[2] + mapReach) * scale;
    result[at + 1] = (x * down[0] + y * down[1] + z * down[2] + mapReach) * scale;
    result[at + 2] = x * towards[0] + y * towards[1] + z * towards[2];
  }
  return result;
}

/** Share of the lamp that a vertex sees: the mean over 3 x 3 places of the map around it. */
function shadowAt(depth: Float32Array, mapped: Float32Array | undefined, vertex: number, softness: number): number {
  const column = mapped?.[3 * vertex] ?? 0;
  const row = mapped?.[3 * vertex + 1] ?? 0;
  const own = (mapped?.[3 * vertex + 2] ?? 0) + shadowBias;
  const spread = 0.6 + 1.6 * softness;
  let lit = 0;
  for (let down = -1; down <= 1; down += 1) {
    for (let right = -1; right <= 1; right += 1) {
      const x = clamp(Math.floor(column + spread * right), 0, mapSize - 1);
      const y = clamp(Math.floor(row + spread * down), 0, mapSize - 1);
      const behind = (depth[y * mapSize + x] ?? 0) - own;
      lit += behind <= 0 ? 1 : Math.max(0, 1 - behind / 2);
    }
  }
  return lit / 9;
}
