import { lipGap, paintEye, paintMouth } from './feature-paint.ts';
import {
  type HeadShape,
  type Point,
  crownY,
  eyeY,
  hairCover,
  hairThickness,
  hairline,
  headShape,
} from './head-shape.ts';
import type { Identity } from './identity.ts';
import { type Mesh, gridTriangles } from './mesh.ts';
import { bump, smoothStep } from './noise.ts';
import type { Expression } from './shot.ts';
import { paintSkin } from './skin-paint.ts';
import { type Spot, maxAngle, textureHeight, textureMap, textureWidth, visitSpots } from './texture-map.ts';

const rows = 64;
const columns = 60;

/** The head of one person, ready to take on an expression. */
export interface HeadModel {
  readonly identity: Identity;
  readonly shape: HeadShape;
  /** At rest, with the paint that all images share. */
  readonly mesh: Mesh;
  /** Texels that eyes and mouth are painted on. */
  readonly eyeSpots: readonly Spot[];
  readonly mouthSpots: readonly Spot[];
}

export function buildHead(identity: Identity): HeadModel {
  const shape = headShape(identity);
  const texture = {
    width: textureWidth,
    height: textureHeight,
    texels: new Float32Array(4 * textureWidth * textureHeight),
  };
  const eyeSpots: Spot[] = [];
  const mouthSpots: Spot[] = [];
  visitSpots(identity, shape, (spot) => {
    paintSkin(texture, identity, spot);
    if (Math.abs(spot.angle) > 1.3) return;
    if (isNearEye(identity, spot)) eyeSpots.push(spot);
    if (isNearMouth(identity, spot)) mouthSpots.push(spot);
  });
  return { identity, shape, mesh: { ...headGrid(identity, shape), texture }, eyeSpots, mouthSpots };
}

function isNearEye({ eyes }: Identity, { x, y }: Spot): boolean {
  return Math.abs(Math.abs(x) - eyes.x) < 13 && Math.abs(y - eyeY) < 11;
}

function isNearMouth({ mouth }: Identity, { x, y }: Spot): boolean {
  return Math.abs(x) < 1.3 * mouth.halfWidth && y > mouth.y - 9 && y < mouth.y + 18;
}

/** The head with an expression: features moved, eyes and mouth painted. */
export function expressHead(model: HeadModel, expression: Expression, glint: readonly [number, number]): Mesh {
  const { mesh, identity } = model;
  const texture = { ...mesh.texture, texels: mesh.texture.texels.slice() };
  for (const spot of model.eyeSpots) paintEye(texture, identity, spot, { expression, glint });
  for (const spot of model.mouthSpots) paintMouth(texture, identity, spot, expression);
  const positions = mesh.positions.slice();
  for (let at = 0; at < positions.length; at += 3) {
    const x = positions[at] ?? 0;
    const y = positions[at + 1] ?? 0;
    if (y < 28 || (positions[at + 2] ?? 0) < 8) continue;
    positions.set(expressPoint(identity, expression, [x, y, positions[at + 2] ?? 0]), at);
  }
  return { ...mesh, positions, texture };
}

/** The five points of alignment: image-left eye, image-right eye, nose tip, image-left and -right mouth corner. */
export function landmarks({ identity, shape }: HeadModel, expression: Expression): readonly Point[] {
  const { eyes, nose, mouth } = identity;
  const rest = [
    shape.inFront(-eyes.x, eyeY),
    shape.inFront(eyes.x, eyeY),
    shape.inFront(0, nose.tipY),
    shape.inFront(-mouth.halfWidth, mouth.y),
    shape.inFront(mouth.halfWidth, mouth.y),
  ];
  return rest.map((point) => expressPoint(identity, expression, point));
}

/** Where an expression moves a point of the face. */
function expressPoint({ mouth, brows, skull }: Identity, expression: Expression, [x, y, z]: Point): Point {
  const side = Math.abs(x);
  const outward = x < 0 ? -1 : 1;
  if (y < 58) {
    const brow = bump(y - eyeY + brows.height + 1, 6);
    const lift = 2.6 * expression.browRaise * brow * bump(side - 17, 15);
    const knit = expression.frown * brow * bump(side - 6, 7);
    return [x - 1.3 * outward * knit, y - lift + 1.5 * knit, z + 0.8 * knit];
  }
  const corner = bump(side - mouth.halfWidth, 8) * bump(y - mouth.y, 9);
  const cheek = bump(side - 24, 10) * bump(y - 73, 8);
  const drop = 0.62 * lipGap(expression) * smoothStep(mouth.y + 6, skull.chinY - 4, y) * smoothStep(46, 26, side);
  const { smile } = expression;
  return [
    x + outward * 2.6 * smile * corner,
    y - 2.6 * smile * corner - 1.2 * Math.max(0, smile) * cheek + drop,
    z - 1.4 * Math.max(0, smile) * corner + 2.6 * Math.max(0, smile) * cheek,
  ];
}

function headGrid(identity: Identity, shape: HeadShape): Omit<Mesh, 'texture'> {
  const map = textureMap(identity.skull.chinY);
  const positions = new Float32Array(3 * rows * columns);
  const coordinates = new Float32Array(2 * rows * columns);
  for (let vertex = 0; vertex < rows * columns; vertex += 1) {
    const y = gridY(Math.floor(vertex / columns), identity.skull.chinY);
    const angle = gridAngle(vertex % columns);
    positions.set(withHair(identity, shape.at(angle, y), angle), 3 * vertex);
    coordinates.set([map.column(angle), map.row(y)], 2 * vertex);
  }
  return { positions, coordinates, triangles: gridTriangles(rows, columns) };
}

function withHair(identity: Identity, [x, y, z]: Point, angle: number): Point {
  const stand = hairCover(identity, hairline(identity, angle), angle, y) * hairThickness(identity, angle, y);
  const upward = smoothStep(30, -10, y);
  const level = 1 - 0.6 * upward;
  return [x + stand * Math.sin(angle) * level, y - stand * upward, z + stand * Math.cos(angle) * level];
}

/** Denser in front, where the features are. */
function gridAngle(column: number): number {
  const t = (2 * column) / (columns - 1) - 1;
  return maxAngle * t * (0.6 + 0.4 * t * t);
}

/** Denser towards crown and chin, where the head closes. */
function gridY(row: number, chinY: number): number {
  const t = row / (rows - 1);
  return crownY + (chinY - crownY) * (0.7 * t + 0.15 * (1 - Math.cos(Math.PI * t)));
}
