import { type Color, mixColor, scaleColor, srgb } from './color.ts';
import { eyeY, foldDistance, hairCover } from './head-shape.ts';
import type { Identity } from './identity.ts';
import type { Texture } from './mesh.ts';
import { bump, cloudNoise, mix, smoothStep, valueNoise } from './noise.ts';
import { type Spot, darken, layOver } from './texture-map.ts';

const blood: Color = [1.06, 0.72, 0.7];
const freckle = srgb(70, 40, 26);
const stubble = srgb(58, 54, 54);
const shade: Color = [0.5, 0.36, 0.32];

/** Paints what is the same in all images of a person: skin, brows, beard, hair. */
export function paintSkin(texture: Texture, identity: Identity, spot: Spot): void {
  paintBase(texture, identity, spot);
  if (Math.abs(spot.angle) < 1.3) {
    paintShades(texture, identity, spot);
    paintMarks(texture, identity, spot);
    paintBeard(texture, identity, spot);
    paintBrows(texture, identity, spot);
  }
  paintHair(texture, identity, spot);
}

function paintBase(texture: Texture, { skin, seed }: Identity, { index, x, y, angle }: Spot): void {
  const clouds = 1 + 0.05 * cloudNoise(seed, 2.2 * angle, 0.06 * y);
  const pores = 1 + (0.02 + 0.03 * skin.age) * valueNoise(seed + 1, 40 * angle, 0.9 * y);
  layOver(texture, index, scaleColor(skin.color, clouds * pores), 1, 0.22 * skin.gloss);
  const cheeks = bump(Math.abs(x) - 25, 10) * bump(y - 73, 10);
  const tip = bump(x, 6) * bump(y - 71, 6);
  darken(texture, index, blood, skin.redness * (0.65 * cheeks + 0.5 * tip + 0.12));
}

/** Places that light reaches less, and folds. */
function paintShades(
  texture: Texture,
  { eyes, nose, mouth, skin, brows, skull }: Identity,
  { index, x, y }: Spot,
): void {
  const side = Math.abs(x);
  const socket = bump(side - eyes.x + 5, 7) * bump(y - eyeY + 3, 5) * (0.25 + 0.06 * eyes.depth);
  const besideNose = 0.35 * bump(side - nose.wings - 1.5, 2.6) * bump(y - nose.tipY - 1, 5);
  const underNose = 0.3 * bump(side, 0.8 * nose.wings) * bump(y - nose.tipY - 5.2, 1.8);
  const nostril = bump(side - 0.46 * nose.wings, 0.2 * nose.wings) * bump(y - nose.tipY - 4.4 + 0.1 * side, 1);
  const underLip = 0.3 * bump(side, 9) * bump(y - mouth.y - mouth.lower - 3, 2.2);
  const bags = 0.3 * eyes.bags * bump(side - eyes.x + 1, 7.5) * bump(y - eyeY - 5.8, 2);
  const jaw = 0.3 * smoothStep(skull.chinY - 7, skull.chinY + 1, y);
  darken(texture, index, shade, socket + besideNose + underNose + underLip + bags + jaw);
  layOver(texture, index, scaleColor(skin.color, 0.07), 0.85 * nostril, 0);
  const fold = foldDistance(nose.wings + 2.5, nose.tipY, mouth.halfWidth + 5, mouth.y, side, y);
  const glabella = bump(side - 3.2, 0.9) * bump(y - eyeY + brows.height, 4);
  const forehead = bump((y - 30) % 5.5, 0.8) * bump(y - 29, 8) * smoothStep(26, 12, side);
  darken(
    texture,
    index,
    shade,
    (0.12 + 0.4 * skin.age) * bump(fold, 1.3) + 0.5 * skin.age * (glabella + 0.5 * forehead),
  );
}

function paintMarks(texture: Texture, { skin, seed }: Identity, { index, x, y }: Spot): void {
  const brown = mixColor(scaleColor(skin.color, 0.45), freckle, 0.4);
  if (skin.freckles > 0) {
    const where = bump(Math.abs(x) - 16, 17) * bump(y - 66, 14);
    const spots = smoothStep(0.25, 0.6, valueNoise(seed + 2, 0.62 * x, 0.62 * y));
    layOver(texture, index, brown, 0.75 * skin.freckles * where * spots);
  }
  for (const [moleX, moleY, radius] of skin.moles) {
    if (Math.abs(x - moleX) > 3 || Math.abs(y - moleY) > 3) continue;
    const distance = Math.hypot(x - moleX, y - moleY);
    layOver(texture, index, scaleColor(brown, 0.5), 0.9 * smoothStep(radius + 0.6, radius - 0.5, distance));
  }
}

function paintBeard(texture: Texture, identity: Identity, { index, x, y, angle }: Spot): void {
  const { skin, mouth, nose, hair, seed } = identity;
  if (skin.beard + skin.moustache <= 0 || y < nose.tipY) return;
  const side = Math.abs(x);
  const rim = mix(mouth.y + 5, 62, smoothStep(15, 36, side));
  const chin =
    smoothStep(-2, 4, y - rim) * smoothStep(0.4, 1.6, Math.hypot(x / (mouth.halfWidth + 3), (y - mouth.y) / 7));
  const middle = mouth.y - mouth.upper - 3.2 + 0.012 * x * x;
  const lip = bump(y - middle, 2.8) * smoothStep(mouth.halfWidth + 5, mouth.halfWidth - 1, side);
  const grain = 0.75 + 0.35 * valueNoise(seed + 3, 50 * angle, 0.5 * y);
  const color = mixColor(scaleColor(hair.color, 0.9), stubble, 0.25);
  layOver(texture, index, color, grain * strengthOf(skin.beard) * chin, 0.05);
  layOver(texture, index, color, grain * strengthOf(skin.moustache) * lip, 0.05);
}

/** Cover of a beard: a faint shadow, then quickly more. */
function strengthOf(growth: number): number {
  return growth < 0.4 ? 0.7 * growth : 0.28 + 1.1 * (growth - 0.4);
}

function paintBrows(texture: Texture, { brows, seed }: Identity, { index, x, y }: Spot): void {
  const side = Math.abs(x);
  const along = (side - brows.inner) / (brows.outer - brows.inner);
  if (along < -0.15 || along > 1.15) return;
  const arch = brows.arch * Math.sin(Math.PI * Math.min(1, Math.max(0, along)) ** 1.25);
  const middle = eyeY - brows.height - arch - brows.tilt * (side - 17);
  const taper = smoothStep(-0.08, 0.16, along) * (1 - 0.8 * smoothStep(0.5, 1.05, along));
  const half = 0.62 * brows.thickness * taper;
  const strands = valueNoise(seed + 4, 1.1 * (side + 0.8 * (y - middle)), 0.5 * (y - middle));
  const cover = smoothStep(0.9, -0.7, Math.abs(y - middle) - half) * taper ** 0.5;
  layOver(texture, index, brows.color, brows.density * cover * (0.88 + 0.22 * strands), 0.05);
}

function paintHair(texture: Texture, identity: Identity, spot: Spot): void {
  const { hair, seed } = identity;
  const { index, x, y, angle } = spot;
  if (spot.hairline - y < -6) return;
  const cover = hairCover(identity, spot.hairline, angle, y + 1.5 * valueNoise(seed + 8, 1.1 * x, 0.08 * y));
  if (cover <= 0) return;
  const thin = smoothStep(0.3, 1.6, hair.thickness);
  layOver(texture, index, scaleColor(hair.color, hairStreak(seed, hair.curl, x, y)), cover * (0.45 + 0.55 * thin), 0.3);
}

/** Brightness of strands: drawn out along straight hair, speckled on curly. */
export function hairStreak(seed: number, curl: number, x: number, y: number): number {
  const straight = 0.6 * valueNoise(seed + 5, 0.55 * x, 0.05 * y) + 0.4 * valueNoise(seed + 6, 1.3 * x, 0.1 * y);
  const curly = cloudNoise(seed + 7, 0.3 * x, 0.3 * y);
  return Math.max(0.25, 1 + 0.5 * mix(straight, 1.3 * curly, curl));
}
