import type { Random } from '../../src/core/random.ts';
import { type Color, mixColor, rampColor, srgb } from './color.ts';

/**
 * Everything that makes one person: the same in all of their images. Lengths are pixels of the 112x112 template in
 * which the eyes are at y = 51.6, 17.6 left and right of the middle.
 */
export interface Identity {
  /** Seeds the small marks of skin and hair. */
  readonly seed: number;
  readonly skull: Skull;
  readonly skin: Skin;
  readonly eyes: Eyes;
  readonly brows: Brows;
  readonly nose: Nose;
  readonly mouth: Mouth;
  readonly hair: Hair;
  readonly ears: { readonly size: number; readonly angle: number };
}

export interface Skull {
  /** Half the width at the cheekbones. */
  readonly halfWidth: number;
  /** Widths there relative to the cheekbones. */
  readonly jaw: number;
  readonly chin: number;
  readonly temple: number;
  /** Height of the lowest point of the chin. */
  readonly chinY: number;
  /** 2 is an ellipse; more is flatter in front. */
  readonly flatness: number;
  readonly cheekbone: number;
  /** Fullness of the cheeks below the cheekbones; negative is gaunt. */
  readonly cheek: number;
  readonly browRidge: number;
  readonly chinBall: number;
  readonly cleft: number;
  readonly neck: number;
}

export interface Skin {
  readonly color: Color;
  /** 0 light to 1 dark. */
  readonly tone: number;
  readonly redness: number;
  /** Share of spots; 0 for most people. */
  readonly freckles: number;
  /** 0 smooth to 1 lined. */
  readonly age: number;
  /** x, y, radius. */
  readonly moles: readonly (readonly [number, number, number])[];
  /** 0 shaven, below 0.4 a shadow, above a beard. */
  readonly beard: number;
  readonly moustache: number;
  readonly gloss: number;
}

export interface Eyes {
  /** Distance from the middle of the face. */
  readonly x: number;
  readonly width: number;
  readonly opening: number;
  /** Outer corner higher: positive. */
  readonly tilt: number;
  readonly iris: Color;
  readonly irisRadius: number;
  /** Height of the crease above the lid. */
  readonly crease: number;
  readonly depth: number;
  readonly lashes: number;
  readonly bags: number;
}

export interface Brows {
  readonly height: number;
  readonly thickness: number;
  readonly arch: number;
  readonly tilt: number;
  /** Half the gap between the brows. */
  readonly inner: number;
  readonly outer: number;
  readonly density: number;
  readonly color: Color;
}

export interface Nose {
  readonly tipY: number;
  readonly height: number;
  readonly bridge: number;
  readonly tip: number;
  readonly wings: number;
  /** Bump (positive) or hollow of the ridge. */
  readonly curve: number;
}

export interface Mouth {
  readonly y: number;
  readonly halfWidth: number;
  readonly upper: number;
  readonly lower: number;
  readonly bow: number;
  readonly color: Color;
  readonly depth: number;
}

export interface Hair {
  readonly color: Color;
  /** Height of the hairline in the middle of the forehead; above the crown for the bald. */
  readonly line: number;
  /** How far the temples recede. */
  readonly recede: number;
  /** A point in the middle, negative; a bay, positive. */
  readonly peak: number;
  readonly thickness: number;
  /** 0 short, else how far down it hangs beside the face. */
  readonly length: number;
  /** 0 straight to 1 curly. */
  readonly curl: number;
  /** Where a fringe ends; above the hairline: there is no fringe. */
  readonly fringeY: number;
  /** Side of the parting, -1 to 1. */
  readonly parting: number;
  readonly sideburn: number;
}

const skinRamp = [
  srgb(240, 207, 190),
  srgb(226, 182, 153),
  srgb(196, 145, 110),
  srgb(146, 98, 70),
  srgb(84, 55, 42),
] as const;

const hairColors = [
  srgb(24, 20, 20),
  srgb(46, 32, 25),
  srgb(78, 52, 36),
  srgb(116, 80, 50),
  srgb(176, 136, 82),
  srgb(206, 176, 122),
  srgb(128, 58, 32),
  srgb(120, 116, 112),
  srgb(196, 194, 190),
] as const;

const irisColors = [
  srgb(52, 32, 20),
  srgb(84, 54, 30),
  srgb(118, 88, 46),
  srgb(88, 104, 62),
  srgb(84, 118, 146),
  srgb(112, 128, 138),
] as const;

/** Draws one person. Factors are independent of each other, apart from a few that would look odd (beards, brows). */
export function drawIdentity(random: Random): Identity {
  const seed = random.integer(2 ** 31);
  const tone = random.uniform();
  const masculine = random.uniform();
  const hair = drawHair(random, tone, masculine);
  return {
    seed,
    skull: drawSkull(random, masculine),
    skin: drawSkin(random, tone, masculine),
    eyes: drawEyes(random, tone),
    brows: drawBrows(random, hair.color, masculine),
    nose: {
      tipY: random.uniform(68.5, 75.5),
      height: random.uniform(11, 17),
      bridge: random.uniform(2.6, 4.6),
      tip: random.uniform(4.2, 7.2),
      wings: random.uniform(7, 12.5),
      curve: random.uniform(-2, 2.2),
    },
    mouth: drawMouth(random, tone, masculine),
    hair,
    ears: { size: random.uniform(0.75, 1.3), angle: random.uniform(0.1, 0.8) },
  };
}

function drawSkull(random: Random, masculine: number): Skull {
  return {
    halfWidth: random.uniform(37.5, 44.5),
    jaw: random.uniform(0.78, 0.92) + 0.07 * masculine,
    chin: random.uniform(0.38, 0.58) + 0.08 * masculine,
    temple: random.uniform(0.9, 0.99),
    chinY: random.uniform(108, 118),
    flatness: random.uniform(2.05, 2.6),
    cheekbone: random.uniform(0, 3.4),
    cheek: random.uniform(-2.6, 2.2),
    browRidge: random.uniform(0, 1.6) + 1.6 * masculine,
    chinBall: random.uniform(1, 5),
    cleft: Math.max(0, random.uniform(-2.5, 2)),
    neck: random.uniform(22, 27) + 6 * masculine,
  };
}

function drawSkin(random: Random, tone: number, masculine: number): Skin {
  const base = rampColor(skinRamp, tone);
  const warmth = random.uniform(-1, 1);
  const bearded = masculine > 0.5 ? Math.max(0, random.uniform(-0.6, 1)) : 0;
  return {
    color: [base[0] * (1 + 0.05 * warmth), base[1], base[2] * (1 - 0.14 * warmth)],
    tone,
    redness: random.uniform(0.1, 1) * (1 - 0.6 * tone),
    freckles: tone < 0.45 ? Math.max(0, random.uniform(-1.6, 1)) : 0,
    age: random.uniform() ** 1.5,
    moles: Array.from(
      { length: random.integer(4) },
      () => [random.uniform(-28, 28), random.uniform(28, 104), random.uniform(0.7, 1.6)] as const,
    ),
    beard: bearded,
    moustache: masculine > 0.5 ? Math.max(0, random.uniform(-1.2, 1), bearded > 0.5 ? bearded : 0) : 0,
    gloss: random.uniform(0.4, 1.3),
  };
}

function drawEyes(random: Random, tone: number): Eyes {
  const light = irisColors[random.integer(irisColors.length)] ?? irisColors[0];
  const dark = irisColors[random.integer(2)] ?? irisColors[0];
  return {
    x: random.uniform(16.3, 19),
    width: random.uniform(13.5, 18),
    opening: random.uniform(4.6, 7.6),
    tilt: random.uniform(-0.1, 0.2),
    iris: random.uniform() < 1.1 - tone ? light : dark,
    irisRadius: random.uniform(3.1, 3.8),
    crease: random.uniform(0.6, 3.8),
    depth: random.uniform(2.2, 6),
    lashes: random.uniform(0.2, 1),
    bags: random.uniform(),
  };
}

function drawBrows(random: Random, hairColor: Color, masculine: number): Brows {
  const inner = random.uniform(5, 9.5);
  return {
    height: random.uniform(8.5, 14.5) - 1.5 * masculine,
    thickness: random.uniform(1.3, 3) + 1.5 * masculine,
    arch: random.uniform(0, 4.5),
    tilt: random.uniform(-0.12, 0.2),
    inner,
    outer: inner + random.uniform(18, 23),
    density: random.uniform(0.55, 1),
    color: mixColor(hairColor, srgb(40, 28, 22), random.uniform(0.2, 0.8)),
  };
}

function drawMouth(random: Random, tone: number, masculine: number): Mouth {
  const rose = mixColor(srgb(184, 92, 88), srgb(98, 50, 48), tone);
  const painted = masculine < 0.4 && random.uniform() < 0.4;
  const red = mixColor(srgb(170, 40, 52), srgb(196, 84, 96), random.uniform());
  return {
    y: random.uniform(89.5, 95),
    halfWidth: random.uniform(12.5, 17.5),
    upper: random.uniform(1.6, 3.8) - 0.5 * masculine,
    lower: random.uniform(2.6, 5.4) - 0.5 * masculine,
    bow: random.uniform(0.2, 1.6),
    color: painted ? red : mixColor(rose, srgb(150, 92, 80), random.uniform(0, 0.6)),
    depth: random.uniform(0.4, 1),
  };
}

function drawHair(random: Random, tone: number, masculine: number): Hair {
  const choices = tone > 0.6 ? 3 : hairColors.length;
  const gray = random.uniform() < 0.15 ? 7 + random.integer(2) : random.integer(choices);
  const bald = masculine > 0.5 && random.uniform() < 0.2;
  const long = !bald && random.uniform() > 0.25 + 0.7 * masculine;
  const line = bald ? random.uniform(-14, 4) : random.uniform(12, 25);
  const fringe = !bald && random.uniform() < 0.3;
  const shade = hairColors[gray] ?? hairColors[0];
  return {
    color: mixColor(shade, hairColors[random.integer(choices)] ?? shade, random.uniform(0, 0.3)),
    line,
    recede: random.uniform(-2, 12) * (0.3 + masculine),
    peak: random.uniform(-4, 3),
    thickness: bald ? random.uniform(0.4, 1.2) : random.uniform(1.5, 8),
    length: long ? random.uniform(84, 150) : 0,
    curl: random.uniform() ** 1.5,
    fringeY: fringe ? random.uniform(28, 41) : -100,
    parting: random.uniform(-1, 1),
    sideburn: random.uniform(48, 72),
  };
}
