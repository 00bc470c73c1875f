import type { Random } from '../../src/core/random.ts';
import type { Color } from './color.ts';

/** Everything that differs between two images of one person. Angles are radians. */
export interface Shot {
  readonly seed: number;
  readonly pose: Pose;
  readonly expression: Expression;
  readonly light: Light;
  readonly camera: Camera;
  readonly backdrop: Backdrop;
}

export interface Pose {
  /** To image right: positive. */
  readonly yaw: number;
  /** Down: positive. */
  readonly pitch: number;
  /** What the alignment leaves over: rotation, scale and shift in the image. */
  readonly roll: number;
  readonly scale: number;
  readonly shiftX: number;
  readonly shiftY: number;
  /** Distance of the camera in template pixels. */
  readonly distance: number;
}

export interface Expression {
  /** -0.5 sad to 1 smiling. */
  readonly smile: number;
  /** 0 closed to 1. */
  readonly open: number;
  /** 0 shut to 1.15 wide. */
  readonly lids: number;
  readonly browRaise: number;
  readonly frown: number;
  readonly gazeX: number;
  readonly gazeY: number;
}

export interface Light {
  /** Unit vector towards the lamp: right, down, towards the camera. */
  readonly direction: readonly [number, number, number];
  readonly key: Color;
  /** From above and from below. */
  readonly sky: Color;
  readonly ground: Color;
  /** Softness of shadows, 0 hard to 1. */
  readonly softness: number;
}

export interface Camera {
  /** Stops. */
  readonly exposure: number;
  readonly balance: Color;
  readonly contrast: number;
  readonly saturation: number;
  /** Standard deviation in pixels. */
  readonly blur: number;
  /** Standard deviation in grey levels. */
  readonly noise: number;
  /** Quality of a first JPEG compression, before the one that is kept. */
  readonly jpegQuality: number;
}

export interface Backdrop {
  readonly top: Color;
  readonly bottom: Color;
  readonly clothes: Color;
  readonly clutter: number;
}

/** Draws one image's circumstances. `difficulty` 0 always draws the same frontal, evenly lit one. */
export function drawShot(random: Random, difficulty: number): Shot {
  return {
    seed: random.integer(2 ** 31),
    pose: {
      yaw: clampNormal(random, 0.22 * difficulty, 0.55),
      pitch: clampNormal(random, 0.1 * difficulty, 0.3),
      roll: clampNormal(random, 0.03 * difficulty, 0.1),
      scale: 1 + clampNormal(random, 0.03 * difficulty, 0.1),
      shiftX: clampNormal(random, 1.1 * difficulty, 4),
      shiftY: clampNormal(random, 1.1 * difficulty, 4),
      distance: 420 + 260 * random.uniform(-1, 1) * Math.min(1, difficulty),
    },
    expression: drawExpression(random, difficulty),
    light: drawLight(random, difficulty),
    camera: drawCamera(random, difficulty),
    backdrop: drawBackdrop(random, difficulty),
  };
}

function drawExpression(random: Random, difficulty: number): Expression {
  const strength = Math.min(1, difficulty);
  const blink = random.uniform() < 0.06 * difficulty;
  return {
    smile: strength * Math.max(-0.35, random.uniform(-0.6, 1)),
    open: strength * Math.max(0, random.uniform(-1, 0.9)),
    lids: blink ? random.uniform(0.05, 0.5) : 1 - strength * (0.12 - random.uniform(-0.22, 0.22)),
    browRaise: clampNormal(random, 0.4 * difficulty, 1),
    frown: strength * Math.max(0, random.uniform(-1.2, 1)),
    gazeX: clampNormal(random, 0.4 * difficulty, 1),
    gazeY: clampNormal(random, 0.25 * difficulty, 0.7),
  };
}

function drawLight(random: Random, difficulty: number): Light {
  const azimuth = clampNormal(random, 0.75 * difficulty, 1.35);
  const elevation = 0.45 + clampNormal(random, 0.4 * difficulty, 1);
  const flat = Math.cos(elevation);
  const strength = Math.min(1, difficulty);
  const ambient = 0.34 + 0.24 * strength * random.uniform(-1, 1);
  const fill = tint(random, 0.16 * difficulty);
  return {
    direction: [Math.sin(azimuth) * flat, -Math.sin(elevation), Math.cos(azimuth) * flat],
    key: scaled(tint(random, 0.13 * difficulty), 1.15),
    sky: scaled(fill, ambient),
    ground: scaled(tint(random, 0.16 * difficulty), ambient * (0.55 + 0.25 * strength * random.uniform(-1, 1))),
    softness: 0.5 + 0.5 * strength * random.uniform(-1, 1),
  };
}

function drawCamera(random: Random, difficulty: number): Camera {
  const strength = Math.min(1.5, difficulty);
  return {
    exposure: clampNormal(random, 0.42 * difficulty, 1.3),
    balance: tint(random, 0.12 * difficulty),
    contrast: 1 + clampNormal(random, 0.12 * difficulty, 0.35),
    saturation: 1 + clampNormal(random, 0.18 * difficulty, 0.6),
    blur: strength * 1.1 * random.uniform() ** 2,
    noise: strength * random.uniform(0, 5),
    jpegQuality: Math.round(95 - strength * 40 * random.uniform()),
  };
}

function drawBackdrop(random: Random, difficulty: number): Backdrop {
  const strength = Math.min(1, difficulty);
  const any = (): Color => {
    const level = random.uniform(0.02, 0.7);
    return scaled(tint(random, 0.35 * strength), 0.3 + strength * (level - 0.3));
  };
  return { top: any(), bottom: any(), clothes: any(), clutter: strength * random.uniform() };
}

/** A colour of mean about 1, its channels off by `spread` (standard deviation, in powers of e). */
function tint(random: Random, spread: number): Color {
  // Lamps differ along blue to orange far more than along green to magenta.
  const warm = spread * random.normal();
  const green = 0.4 * spread * random.normal();
  return [Math.exp(warm), Math.exp(green), Math.exp(-warm)];
}

function scaled(color: Color, factor: number): Color {
  return [color[0] * factor, color[1] * factor, color[2] * factor];
}

function clampNormal(random: Random, deviation: number, limit: number): number {
  const value = deviation * random.normal();
  return Math.max(-limit, Math.min(limit, value));
}
