import type { Identity } from './identity.ts';
import { bump, cloudNoise, mix, smoothStep, valueNoise } from './noise.ts';

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
