import type { Identity } from './identity.ts';
import { bump, clamp, cloudNoise, mix, smoothStep, valueNoise } from './noise.ts';

export type Point = readonly [number, number, number];

/** Height of the eyes in the template. */
export const eyeY = 51.6;
/** Height of the crown; the skull ends at `identity.skull.chinY` below. */
export const crownY = -16;

/** The head of one person at rest, as a surface over angle (0 in front, positive to image right) and height. */
export interface HeadShape {
  /** A point of the bald head. */
  at(angle: number, y: number): Point;
  /** A point of the front half by its x. */
  inFront(x: number, y: number): Point;
  /** Half the width of the head at a height. */
  halfWidth(y: number): number;
  /** x of an angle in half widths: -1 to 1. */
  spread(angle: number): number;
}

export function headShape(identity: Identity): HeadShape {
  const halfWidth = curveThrough(widthProfile(identity));
  const depth = curveThrough(depthProfile(identity));
  const power = 2 / identity.skull.flatness;
  const spread = (angle: number): number => Math.sign(Math.sin(angle)) * Math.abs(Math.sin(angle)) ** power;
  const at = (angle: number, y: number): Point => {
    const cosine = Math.cos(angle);
    const x = halfWidth(y) * spread(angle);
    const base = depth(y) * Math.sign(cosine) * Math.abs(cosine) ** power;
    return [x, y, base + relief(identity, x, y) * smoothStep(0.1, 0.6, cosine)];
  };
  return {
    at,
    halfWidth,
    spread,
    inFront: (x, y) => at(Math.asin(clamp(Math.abs(x) / halfWidth(y), 0, 1) ** (1 / power)) * Math.sign(x), y),
  };
}

type Knots = readonly (readonly [number, number])[];

/** Half the width of the skull over y. */
function widthProfile({ skull }: Identity): Knots {
  const width = skull.halfWidth;
  const jaw = width * skull.jaw;
  const chin = width * skull.chin;
  const bottom = skull.chinY;
  return [
    [crownY - 0.01, 0],
    [crownY + 1.5, 0.3 * width],
    [crownY + 7, 0.58 * width],
    [4, 0.82 * width],
    [20, 0.94 * width * (0.5 + 0.5 * skull.temple)],
    [38, width * skull.temple],
    [56, width],
    [72, 0.55 * width + 0.45 * jaw],
    [bottom - 25, jaw * 0.97],
    [bottom - 14, 0.5 * jaw + 0.52 * chin],
    [bottom - 6, chin],
    [bottom - 1.5, 0.55 * chin],
    [bottom + 0.01, 0],
  ];
}

/** Distance of the face from the axis of the head over y. */
function depthProfile({ skull }: Identity): Knots {
  const bottom = skull.chinY;
  return [
    [crownY - 0.01, 0],
    [crownY + 1.5, 14],
    [crownY + 7, 25],
    [4, 37],
    [20, 43.5],
    [38, 46],
    [56, 45],
    [72, 45.5],
    [bottom - 25, 45.5],
    [bottom - 14, 44],
    [bottom - 6, 42],
    [bottom - 1.5, 34],
    [bottom + 0.01, 24],
  ];
}

/** What the features add to the smooth skull, towards the camera. */
function relief(identity: Identity, x: number, y: number): number {
  const side = Math.abs(x);
  return (
    socketRelief(identity, side, y) +
    noseRelief(identity, side, y) +
    cheekRelief(identity, side, y) +
    mouthRelief(identity, side, y)
  );
}

function socketRelief({ skull, eyes, brows }: Identity, side: number, y: number): number {
  if (y < 20 || y > 75) return 0;
  const browY = eyeY - brows.height + 2;
  return (
    skull.browRidge * bump(side - 15, 14) * bump(y - browY, 5.5) -
    eyes.depth * bump(side - eyes.x + 1, 10) * bump(y - eyeY + 1, 7.5) +
    (0.45 * eyes.depth + 1) * bump(side - eyes.x, 6.6) * bump(y - eyeY, 4.6)
  );
}

function noseRelief({ nose }: Identity, side: number, y: number): number {
  if (side > 22 || y < 36 || y > 88) return 0;
  const along = clamp((y - 45) / (nose.tipY - 45), 0, 1);
  const start = smoothStep(34, 50, y);
  const end = 1 - smoothStep(nose.tipY + 0.5, nose.tipY + 6.5, y);
  const ridge = nose.height * (0.26 + 0.74 * along ** 1.35) + nose.curve * 4 * along * (1 - along);
  const width = nose.bridge + (nose.tip - nose.bridge) * along ** 1.5;
  const wing = 5.2 * bump(side - 0.72 * nose.wings, 0.36 * nose.wings) * bump(y - nose.tipY - 0.6, 4);
  const foot = 2.4 * start * end * bump(side, 2.6 * width);
  return ridge * start * end * Math.exp(-((side / width) ** 2.2)) + foot + wing * end;
}

function cheekRelief({ skull, nose, mouth, skin }: Identity, side: number, y: number): number {
  const bone = skull.cheekbone * bump(side - 27, 9) * bump(y - 64, 8);
  const hollow = skull.cheek * bump(side - 25, 10) * bump(y - 84, 11);
  const fold = foldDistance(nose.wings + 2.5, nose.tipY, mouth.halfWidth + 5, mouth.y, side, y);
  return bone + hollow - (0.5 + 1.1 * skin.age) * bump(fold, 2.4);
}

function mouthRelief({ skull, mouth }: Identity, side: number, y: number): number {
  if (y < 72) return 0;
  const lip = bump(side, 0.75 * mouth.halfWidth);
  const muzzle = 3 * bump(side, 15) * bump(y - mouth.y, 13);
  const upper = (0.7 + 0.4 * mouth.upper) * bump(y - mouth.y + 0.7 * mouth.upper, 2.2);
  const lower = (0.7 + 0.4 * mouth.lower) * bump(y - mouth.y - 0.6 * mouth.lower, 2.6);
  const crease = 2.2 * bump(y - mouth.y - mouth.lower - 4.5, 3.2) * bump(side, 12);
  const groove = 0.9 * bump(side, 1.7) * bump(y - mouth.y + 9, 5);
  const chin = skull.chinBall * bump(side, 10) * bump(y - skull.chinY + 7, 6);
  const cleft = skull.cleft * bump(side, 1.8) * bump(y - skull.chinY + 8, 5);
  return muzzle + (upper + lower) * lip - crease - groove + chin - cleft;
}

/** Distance from the line that runs from the wing of the nose to beside the corner of the mouth. */
export function foldDistance(fromX: number, fromY: number, toX: number, toY: number, side: number, y: number): number {
  const dx = toX - fromX;
  const dy = toY - fromY;
  const along = clamp(((side - fromX) * dx + (y - fromY) * dy) / (dx * dx + dy * dy), 0, 1);
  const offX = side - fromX - along * dx;
  const offY = y - fromY - along * dy;
  return Math.sqrt(offX * offX + offY * offY);
}

/** A smooth curve through points of rising first coordinate (cubic Hermite, slopes from the neighbours). */
function curveThrough(knots: Knots): (position: number) => number {
  const knot = (index: number): readonly [number, number] => knots[clamp(index, 0, knots.length - 1)] ?? [0, 0];
  const slope = (index: number): number => {
    const [fromX, fromY] = knot(index - 1);
    const [toX, toY] = knot(index + 1);
    return (toY - fromY) / (toX - fromX);
  };
  return (position) => {
    let index = 0;
    while (index < knots.length - 2 && position > knot(index + 1)[0]) index += 1;
    const [fromX, fromY] = knot(index);
    const [toX, toY] = knot(index + 1);
    const span = toX - fromX;
    const t = clamp((position - fromX) / span, 0, 1);
    const s = 1 - t;
    return (
      s * s * (1 + 2 * t) * fromY + t * t * (1 + 2 * s) * toY + span * s * t * (s * slope(index) - t * slope(index + 1))
    );
  };
}

/** Share of hair (0 skin to 1) at a place of the head, given the {@link hairline} at its angle. */
export function hairCover({ seed }: Identity, line: number, angle: number, y: number): number {
  const below = line - y;
  if (below < -4) return 0;
  if (below > 4) return 1;
  return smoothStep(-1.8, 2.4, below + 1.3 * valueNoise(seed + 11, 16 * angle, 0.05 * y));
}

/** How far the hair stands off the head, in pixels, where {@link hairCover} is 1. */
export function hairThickness(identity: Identity, angle: number, y: number): number {
  const { hair, seed } = identity;
  const lump = cloudNoise(seed + 13, 5 * angle, 0.09 * y);
  const part = 1 - 0.7 * bump(angle - 0.5 * hair.parting, 0.09) * smoothStep(30, 0, y);
  const top = mix(0.55, 1.15, smoothStep(60, 0, y));
  return hair.thickness * top * part * (1 + (0.2 + 0.35 * hair.curl) * lump);
}

/** Height above which there is hair. */
export function hairline({ hair, seed }: Identity, angle: number): number {
  const away = Math.abs(angle);
  const front =
    hair.line +
    hair.peak * bump(angle, 0.22) -
    hair.recede * bump(away - 0.62, 0.24) +
    valueNoise(seed + 14, 4 * angle, 0);
  const side = mix(hair.sideburn, 96, smoothStep(1.42, 1.7, away));
  const bare = mix(front, side, smoothStep(0.8, 1.22, away));
  const strands = 3 * valueNoise(seed + 15, 14 * angle, 0) + 2.5 * hair.parting * angle;
  const fringe = (hair.fringeY + strands) * smoothStep(1.0, 0.8, away) - 60 * smoothStep(0.75, 1.0, away);
  return Math.max(bare, fringe);
}
