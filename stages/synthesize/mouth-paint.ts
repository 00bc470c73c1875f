import { type Color, mixColor, scaleColor, srgb } from './color.ts';
import type { Identity } from './identity.ts';
import type { Texture } from './mesh.ts';
import { bump, clamp, mix, smoothStep, valueNoise } from './noise.ts';
import type { Expression } from './shot.ts';
import { type Spot, darken, layOver } from './texture-map.ts';

const teeth = srgb(222, 214, 200);
const throat = srgb(52, 16, 16);
const tongue = srgb(150, 66, 62);
const shade: Color = [0.5, 0.34, 0.32];

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
  darken(texture, index, shade, 0.5 * bump(Math.abs(x) - mouth.halfWidth, 1.6) * bump(y - mouth.y, 1.6));
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
