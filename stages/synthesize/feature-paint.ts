import { type Color, mixColor, scaleColor, srgb } from './color.ts';
import { eyeY } from './head-shape.ts';
import type { Identity } from './identity.ts';
import type { Texture } from './mesh.ts';
import { bump, clamp, mix, smoothStep, valueNoise } from './noise.ts';
import type { Expression } from './shot.ts';
import { type Spot, darken, layOver } from './texture-map.ts';

const sclera = srgb(226, 220, 214);
const tearDuct = srgb(190, 110, 100);
const lash = srgb(22, 16, 14);
const lidShade: Color = [0.42, 0.3, 0.28];
const teeth = srgb(222, 214, 200);
const throat = srgb(52, 16, 16);
const tongue = srgb(150, 66, 62);
const lipShade: Color = [0.5, 0.34, 0.32];

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
  paintLids(texture, identity, { index: spot.index, place });
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
  paintLashes(texture, identity, { index: spot.index, place });
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

/** A texel, and where it is in the eye. */
interface PlacedTexel {
  readonly index: number;
  readonly place: EyePlace;
}

function paintLids(texture: Texture, { eyes, skin }: Identity, { index, place }: PlacedTexel): void {
  const within = smoothStep(1.35, 0.95, Math.abs(place.along));
  const crease = bump(place.down - place.upper + eyes.crease + 0.8, 0.75) * within;
  const lid =
    smoothStep(eyes.crease + 1.5, 0, place.upper - place.down) * smoothStep(-0.5, 0.5, place.upper - place.down);
  darken(texture, index, lidShade, 0.62 * crease + 0.2 * lid * within);
  darken(texture, index, lidShade, 0.3 * bump(place.down - place.lower - 0.9, 0.8) * within * (0.6 + skin.age));
}

interface BallSpot {
  readonly spot: Spot;
  readonly place: EyePlace;
  /** How much of the texel is between the lids. */
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

function paintLashes(texture: Texture, { eyes }: Identity, { index, place }: PlacedTexel): void {
  const within = smoothStep(1.14, 0.97, Math.abs(place.along));
  const thick = 0.45 + 0.5 * eyes.lashes * smoothStep(-1, 0.8, place.along);
  const upper = smoothStep(thick + 0.5, thick - 0.3, Math.abs(place.down - place.upper + 0.25)) * within;
  layOver(texture, index, lash, (0.6 + 0.35 * eyes.lashes) * upper, 0.1);
  const lower = bump(place.down - place.lower, 0.6) * within * smoothStep(-0.8, 0.6, place.along);
  layOver(texture, index, lash, 0.4 * eyes.lashes * lower);
}

/** Heights of the four edges of the lips at one x. */
interface LipEdges {
  readonly top: number;
  readonly upperInner: number;
  readonly lowerInner: number;
  readonly bottom: number;
}

/** How far the lips stand apart in the middle, in pixels. */
export function lipGap({ open, smile }: Expression): number {
  return 8 * open + 3.4 * Math.max(0, smile - 0.45);
}

/** Paints lips and what shows between them. */
export function paintMouth(texture: Texture, identity: Identity, spot: Spot, expression: Expression): void {
  const { mouth, seed } = identity;
  const { index, x, y } = spot;
  const along = x / mouth.halfWidth;
  if (Math.abs(along) > 1.3) return;
  const edges = lipEdges(identity, expression, along);
  const within = smoothStep(1.03, 0.95, Math.abs(along));
  const lips = smoothStep(-0.55, 0.55, Math.min(y - edges.top, edges.bottom - y)) * within;
  const grain = 1 + 0.12 * valueNoise(seed + 30, 0.9 * x, 0.15 * y);
  const upperLip = y < edges.upperInner ? 0.82 : 1.06;
  layOver(texture, index, scaleColor(mouth.color, grain * upperLip), (0.7 + 0.3 * mouth.depth) * lips, 0.32);
  const gap = edges.lowerInner - edges.upperInner;
  const line = bump(y - 0.5 * (edges.upperInner + edges.lowerInner), 0.75) * smoothStep(1.1, 0.9, Math.abs(along));
  darken(texture, index, [0.16, 0.1, 0.1], 0.8 * line * smoothStep(1.8, 0.4, gap));
  paintInside(texture, spot, edges);
  darken(texture, index, lipShade, 0.5 * bump(Math.abs(x) - mouth.halfWidth, 1.6) * bump(y - mouth.y, 1.6));
}

function lipEdges({ mouth }: Identity, expression: Expression, along: number): LipEdges {
  const room = Math.max(0, 1 - along * along);
  const gap = lipGap(expression) * room ** 0.55;
  const upperInner = mouth.y - 0.25 * gap + (0.9 + 0.5 * mouth.bow * bump(along, 0.3)) * room - 0.6;
  const lowerInner = upperInner + gap;
  // A smile pulls the lips thin.
  const thin = 1 - 0.2 * clamp(expression.smile, 0, 1);
  const peaks = bump(Math.abs(along) - 0.24, 0.3) - 0.7 * bump(along, 0.15);
  return {
    top: upperInner - thin * (mouth.upper * room ** 0.8 + 0.5 * mouth.bow * peaks),
    upperInner,
    lowerInner,
    bottom: lowerInner + thin * mouth.lower * room ** 0.65,
  };
}

function paintInside(texture: Texture, { index, x, y }: Spot, edges: LipEdges): void {
  const gap = edges.lowerInner - edges.upperInner;
  const inside =
    smoothStep(-0.4, 0.5, Math.min(y - edges.upperInner, edges.lowerInner - y)) * smoothStep(0.5, 1.4, gap);
  if (inside <= 0) return;
  const depth = (y - edges.upperInner) / gap;
  const dark = mixColor(throat, tongue, 0.7 * smoothStep(0.55, 1, depth));
  layOver(texture, index, dark, inside, 0.2);
  const gaps = 1 - 0.22 * bump((((x % 4.2) + 4.2) % 4.2) - 2.1, 0.35);
  const bright =
    mix(0.62, 0.2, smoothStep(2, 15, Math.abs(x))) * gaps * (0.7 + 0.3 * smoothStep(0, 1.5, y - edges.upperInner));
  const edge = Math.min(edges.lowerInner - 0.3, edges.upperInner + Math.max(3.8, 0.4 * gap));
  layOver(texture, index, scaleColor(teeth, bright), inside * smoothStep(0.5, -0.5, y - edge), 0.4);
}
