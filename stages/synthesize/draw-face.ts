import { alignmentTemplate } from '../../src/kit/face/align-face.ts';
import { type Similarity, similarityTransform } from '../../src/kit/face/align-face.ts';
import type { RgbImage } from '../../src/kit/image/image.ts';
import { buildEars, buildLongHair, buildTorso } from './body-model.ts';
import { photograph } from './camera.ts';
import { type HeadModel, buildHead, expressHead, landmarks } from './head-model.ts';
import type { Point } from './head-shape.ts';
import type { Identity } from './identity.ts';
import { lightMeshes } from './lighting.ts';
import type { Mesh } from './mesh.ts';
import { rasterize, visibilityMap } from './rasterize.ts';
import { paintBackdrop, shadeImage } from './shade.ts';
import type { Pose, Shot } from './shot.ts';

/** Width and height of an image, in pixels. */
export const imageSize = 112;
/** Each pixel is the mean of two by two samples. */
const oversampling = 2;
/** The head turns about this point of the neck. */
const pivot: Point = [0, 86, -18];
/** Share of the head's turn that the shoulders follow. */
const shouldersFollow = 0.35;
/** Brightness of the inner side of long hair. */
const insideOfHair = 0.8;

/** One person as a set of surfaces. */
export interface Person {
  readonly head: HeadModel;
  readonly ears: readonly Mesh[];
  readonly longHair: Mesh | undefined;
}

export function buildPerson(identity: Identity): Person {
  const head = buildHead(identity);
  return { head, ears: buildEars(identity), longHair: buildLongHair(identity, head.shape) };
}

interface Part {
  readonly mesh: Mesh;
  /** In front of the camera: 3 per vertex. */
  readonly positions: Float32Array;
  readonly inside: number;
}

/** Draws one aligned image of a person. */
export function drawFace(person: Person, shot: Shot): RgbImage {
  const parts = placeParts(person, shot);
  const lights = lightMeshes(
    parts.map(({ mesh, positions }) => ({ positions, triangles: mesh.triangles })),
    shot.light,
  );
  const alignment = align(person.head, shot);
  const map = visibilityMap(imageSize * oversampling);
  parts.forEach(({ mesh, positions, inside }, index) => {
    const screen = project(positions, shot.pose, alignment);
    rasterize(map, { triangles: mesh.triangles, screen, twoSided: inside > 0 }, { map, mesh: index });
  });
  const lit = parts.map((part, index) => ({ ...part, light: lights[index] ?? new Float32Array() }));
  const colors = shadeImage(map, lit, paintBackdrop(shot, imageSize));
  return { width: imageSize, height: imageSize, data: photograph(colors, imageSize, shot) };
}

function placeParts({ head, ears, longHair }: Person, { pose, expression, light, backdrop }: Shot): readonly Part[] {
  const [glintX, glintY] = light.direction;
  const turned = (mesh: Mesh, inside = 0): Part => ({ mesh, positions: turn(mesh.positions, pose), inside });
  const torso = buildTorso(head.identity, backdrop.clothes);
  return [
    turned(expressHead(head, expression, [glintX, glintY])),
    ...ears.map((ear) => turned(ear)),
    ...(longHair === undefined ? [] : [turned(longHair, insideOfHair)]),
    { mesh: torso, positions: turn(torso.positions, { yaw: shouldersFollow * pose.yaw, pitch: 0 }), inside: 0 },
  ];
}

/** The similarity that brings the five points of the turned face onto the template, and the error that alignment leaves. */
function align(head: HeadModel, { pose, expression }: Shot): Similarity {
  const points = Float32Array.from(landmarks(head, expression).flat());
  const turned = turn(points, pose);
  const seen = alignmentTemplate.map((_, index): readonly [number, number] =>
    see(turned[3 * index] ?? 0, turned[3 * index + 1] ?? 0, turned[3 * index + 2] ?? 0, pose.distance),
  );
  const [cosine, sine] = [Math.cos(pose.roll) * pose.scale, Math.sin(pose.roll) * pose.scale];
  const center = imageSize / 2;
  const target = alignmentTemplate.map(([x, y]): readonly [number, number] => [
    center + cosine * (x - center) - sine * (y - center) + pose.shiftX,
    center + sine * (x - center) + cosine * (y - center) + pose.shiftY,
  ]);
  return similarityTransform(seen, target);
}

/** Turns points about the pivot: first by pitch, then by yaw. */
function turn(positions: Float32Array, { yaw, pitch }: Pick<Pose, 'yaw' | 'pitch'>): Float32Array {
  const result = new Float32Array(positions.length);
  const [cosYaw, sinYaw, cosPitch, sinPitch] = [Math.cos(yaw), Math.sin(yaw), Math.cos(pitch), Math.sin(pitch)];
  for (let at = 0; at < positions.length; at += 3) {
    const x = (positions[at] ?? 0) - pivot[0];
    const y = (positions[at + 1] ?? 0) - pivot[1];
    const z = (positions[at + 2] ?? 0) - pivot[2];
    const down = y * cosPitch + z * sinPitch;
    const near = z * cosPitch - y * sinPitch;
    result[at] = x * cosYaw + near * sinYaw + pivot[0];
    result[at + 1] = down + pivot[1];
    result[at + 2] = near * cosYaw - x * sinYaw + pivot[2];
  }
  return result;
}

/** Perspective onto the plane z = 0, the camera level with the eyes. */
function see(x: number, y: number, z: number, distance: number): readonly [number, number] {
  const scale = distance / (distance - z);
  return [x * scale, (y - 52) * scale];
}

/** Canvas coordinates of every vertex, the depth kept. */
function project(positions: Float32Array, pose: Pose, { a, b, tx, ty }: Similarity): Float32Array {
  const screen = new Float32Array(positions.length);
  for (let at = 0; at < positions.length; at += 3) {
    const z = positions[at + 2] ?? 0;
    const [x, y] = see(positions[at] ?? 0, positions[at + 1] ?? 0, z, pose.distance);
    screen[at] = oversampling * (a * x - b * y + tx);
    screen[at + 1] = oversampling * (b * x + a * y + ty);
    screen[at + 2] = z;
  }
  return screen;
}
