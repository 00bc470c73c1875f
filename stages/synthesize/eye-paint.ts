import { type Color, mixColor, scaleColor, srgb } from './color.ts';
import { eyeY } from './head-shape.ts';
import type { Identity } from './identity.ts';
import type { Texture } from './mesh.ts';
import { bump, clamp, smoothStep, valueNoise } from './noise.ts';
import type { Expression } from './shot.ts';
import { type Spot, darken, layOver } from './texture-map.ts';

const sclera = srgb(226, 220, 214);
const tearDuct = srgb(190, 110, 100);
const lash = srgb(22, 16, 14);
const shade: Color = [0.42, 0.3, 0.28];

/** A place seen from one eye: `out` from its middle towards the temple, `down`, in pixels, the tilt undone. */
interface EyePlace {
  readonly out: number;
  readonly down: number;
  /** `out` in half widths of the eye: -1 inner to 1 outer corner. */
  readonly along: number;
  /** Heights of the lids there, down. */
  readonly upper: number;
  readonly lower: number;
}

/** Paints the eye that a texel belongs to, with its lids, lashes, gaze and glint. `glint` is where the lamp stands, -1 to 1. */
export function paintEye(
  texture: Texture,
  identity: Identity,
  spot: Spot,
  { expression, glint }: { readonly expression: Expression; readonly glint: readonly [number, number] },
): void {
  const side = spot.x < 0 ? -1 : 1;
  const place = eyePlace(identity, expression, spot);
  if (Math.abs(place.out) > 13 || Math.abs(place.down) > 11) return;
  paintLids(texture, identity, spot, place);
  const inside = Math.min(place.down - place.upper, place.lower - place.down);
  const open = smoothStep(-0.45, 0.45, inside) * smoothStep(1.03, 0.94, Math.abs(place.along));
  paintBall(texture, identity, { spot, place, open, gaze: [side * expression.gazeX, expression.gazeY] });
  paintGlint(texture, identity, {
    spot,
    place,
    open,
    gaze: [side * expression.gazeX, expression.gazeY],
    glint: [side * glint[0], glint[1]],
  });
  paintLashes(texture, identity, spot, place);
}

function eyePlace({ eyes }: Identity, { lids }: Expression, { x, y }: Spot): EyePlace {
  const outward = Math.abs(x) - eyes.x;
  const down = y - eyeY;
  const out = outward * Math.cos(eyes.tilt) - down * Math.sin(eyes.tilt);
  const across = outward * Math.sin(eyes.tilt) + down * Math.cos(eyes.tilt);
  const along = (2 * out) / eyes.width;
  const room = Math.max(0, 1 - along * along);
  const inner = Math.max(0, 1 - (along + 0.12) ** 2 / (along < -0.12 ? 0.78 : 1.26));
  const lower = 0.4 * eyes.opening * room;
  const upper = -0.62 * eyes.opening * inner ** 0.7;
  return { out, down: across, along, lower, upper: lower - 0.1 + (upper - lower) * Math.max(0.04, lids) };
}

function paintLids(texture: Texture, { eyes, skin }: Identity, { index }: Spot, place: EyePlace): void {
  const within = smoothStep(1.35, 0.95, Math.abs(place.along));
  const crease = bump(place.down - place.upper + eyes.crease + 0.8, 0.75) * within;
  const lid =
    smoothStep(eyes.crease + 1.5, 0, place.upper - place.down) * smoothStep(-0.5, 0.5, place.upper - place.down);
  darken(texture, index, shade, 0.62 * crease + 0.2 * lid * within);
  darken(texture, index, shade, 0.3 * bump(place.down - place.lower - 0.9, 0.8) * within * (0.6 + skin.age));
}

interface BallSpot {
  readonly spot: Spot;
  readonly place: EyePlace;
  /** How much of the texel lies between the lids. */
  readonly open: number;
  readonly gaze: readonly [number, number];
}

function paintBall(texture: Texture, { eyes, seed }: Identity, { spot, place, open, gaze }: BallSpot): void {
  if (open <= 0) return;
  const shadow = 0.62 + 0.38 * smoothStep(0, 2.6, place.down - place.upper);
  const corner = 1 - 0.35 * Math.abs(place.along) ** 3;
  const white = mixColor(
    scaleColor(sclera, 0.72 * shadow * corner),
    tearDuct,
    0.5 * smoothStep(-0.75, -0.98, place.along),
  );
  const dx = place.out - 2.6 * gaze[0];
  const dy = place.down + 0.35 - 1.8 * gaze[1];
  const radius = Math.hypot(dx, dy);
  const rays = 1 + 0.25 * valueNoise(seed + 20, 3 * Math.atan2(dy, dx), radius);
  const bowl = 0.75 + 0.5 * smoothStep(-eyes.irisRadius, eyes.irisRadius, dy);
  const ring = 1 - 0.6 * smoothStep(0.72 * eyes.irisRadius, eyes.irisRadius, radius);
  const iris = scaleColor(eyes.iris, rays * bowl * ring * shadow * 1.15);
  layOver(texture, spot.index, white, open, 0.5);
  layOver(texture, spot.index, iris, open * smoothStep(eyes.irisRadius + 0.45, eyes.irisRadius - 0.45, radius), 0.5);
  const pupil = 0.42 * eyes.irisRadius;
  layOver(texture, spot.index, [0.004, 0.004, 0.005], open * smoothStep(pupil + 0.5, pupil - 0.4, radius), 0.5);
}

/** The mirror image of the lamp on the cornea. */
function paintGlint(
  texture: Texture,
  { eyes }: Identity,
  { spot, place, open, gaze, glint }: BallSpot & { readonly glint: readonly [number, number] },
): void {
  const dx = place.out - 2.6 * gaze[0] - eyes.irisRadius * (0.15 + 0.4 * clamp(glint[0], -1, 1));
  const dy = place.down + 0.35 - 1.8 * gaze[1] - eyes.irisRadius * (0.4 * clamp(glint[1], -1, 1) - 0.25);
  layOver(texture, spot.index, [1.3, 1.3, 1.3], 0.85 * open * smoothStep(1.1, 0.3, Math.hypot(dx, dy)));
}

function paintLashes(texture: Texture, { eyes }: Identity, { index }: Spot, place: EyePlace): void {
  const within = smoothStep(1.14, 0.97, Math.abs(place.along));
  const thick = 0.45 + 0.5 * eyes.lashes * smoothStep(-1, 0.8, place.along);
  const upper = smoothStep(thick + 0.5, thick - 0.3, Math.abs(place.down - place.upper + 0.25)) * within;
  layOver(texture, index, lash, (0.6 + 0.35 * eyes.lashes) * upper, 0.1);
  const lower = bump(place.down - place.lower, 0.6) * within * smoothStep(-0.8, 0.6, place.along);
  layOver(texture, index, lash, 0.4 * eyes.lashes * lower);
}
