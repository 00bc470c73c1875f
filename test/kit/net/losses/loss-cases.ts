import { Random } from '../../../../src/core/random.ts';
import { type LossChoice, lossOf } from '../../../../src/kit/net/losses/index.ts';
import type { BoundLoss } from '../../../../src/kit/net/losses/loss.ts';
import {
  angleOf,
  arcfaceCosine,
  centreReference,
  cocoReference,
  type MarginFormula,
  marginalReference,
  marginReference,
  type Matrix,
  mean,
  movedCentres,
  nPairReference,
  type Own,
  type Reference,
  type Sample,
  softmaxReference,
  tripletReference,
  unifaceObjective,
} from './reference-losses.ts';

/** A loss with its options, and its formula in float64. */
export interface Case {
  readonly title: string;
  readonly choice: LossChoice;
  readonly loss: BoundLoss;
  readonly reference: Reference;
  /** The next values of its state. */
  readonly nextState?: (sample: Sample) => Readonly<Record<string, Matrix>>;
  /** Whether right angles, which an embedding of zeros has with everything, are a kink. */
  readonly bendsAtZeros?: boolean;
}

/** What all cases are computed with. */
export const caseSeed = 7;
export const caseStep = 40;

const caseOf = (choice: LossChoice, rest: Omit<Case, 'title' | 'choice' | 'loss'>): Case => ({
  title: JSON.stringify(choice),
  choice,
  loss: lossOf(choice),
  ...rest,
});

type Common = Pick<MarginFormula, 'interclassFilter' | 'gradient'>;

const marginCase = (
  choice: LossChoice & Common,
  formula: MarginFormula,
  rest: Pick<Case, 'nextState' | 'bendsAtZeros'> = {},
): Case => {
  const { interclassFilter, gradient } = choice;
  return caseOf(choice, { reference: marginReference({ ...formula, interclassFilter, gradient }), ...rest });
};

const choose = <Name extends LossChoice['name']>(choice: LossChoice<Name>): LossChoice<Name> => choice;

const arcface = (margin: number, scale: number, easyMargin: boolean, more: Common = {}): Case => {
  const choice = choose({ name: 'arcface', margin, scale, easyMargin, ...more } as LossChoice<'arcface'>);
  const target = ({ cosine }: Own): number => arcfaceCosine(cosine, margin, easyMargin);
  return marginCase(choice, { scale, target }, { bendsAtZeros: easyMargin });
};

const cosface = (margin: number, scale: number, more: Pick<Common, 'interclassFilter'> = {}): Case =>
  marginCase(choose({ name: 'cosface', margin, scale, ...more } as LossChoice<'cosface'>), {
    scale,
    target: ({ cosine }) => cosine - margin,
  });

const combined = ([m1, m2, m3]: readonly [number, number, number], scale: number, more: Common = {}): Case => {
  const margins = { angleFactor: m1, angularMargin: m2, cosineMargin: m3 };
  const choice = { name: 'combined', ...margins, scale, ...more } as LossChoice<'combined'>;
  return marginCase(choice, { scale, target: ({ cosine }) => Math.cos(m1 * angleOf(cosine) + m2) - m3 });
};

const multipliedAngle = (factor: number, scale: number, more: Common = {}): Case =>
  marginCase({ name: 'multiplied-angle', factor, scale, ...more } as LossChoice<'multiplied-angle'>, {
    scale,
    target: ({ cosine }) => Math.cos(factor * angleOf(cosine)),
  });

const gradedMargin = (margin: number, leastShare: number, scale: number, more: Common = {}): Case =>
  marginCase({ name: 'graded-margin', margin, leastShare, scale, ...more } as LossChoice<'graded-margin'>, {
    scale,
    target({ cosine, cosines }) {
      const [angle, least] = [angleOf(cosine), Math.min(...cosines.map(angleOf))];
      return Math.cos(angle + (angle > 1 ? 0 : margin * Math.max(leastShare, least / angle)));
    },
  });

const drawnMargin = (least: number, greatest: number, scale: number, more: Common = {}): Case =>
  marginCase({ name: 'drawn-margin', least, greatest, scale, ...more } as LossChoice<'drawn-margin'>, {
    scale,
    target: ({ cosine }) => Math.cos(angleOf(cosine) + new Random(caseSeed).uniform(least, greatest)),
  });

const sphereface = (
  margin: number,
  lambda: readonly [number, number, number, number, number],
  more: Common = {},
): Case => {
  const [lambdaStart, lambdaLeast, lambdaFreezeSteps, lambdaGamma, lambdaPower] = lambda;
  const annealing = { lambdaStart, lambdaLeast, lambdaFreezeSteps, lambdaGamma, lambdaPower };
  const choice = { name: 'sphereface', margin, ...annealing, ...more } as LossChoice<'sphereface'>;
  const done = caseStep - 1 - lambdaFreezeSteps;
  const fallen = done <= 0 ? lambdaStart : lambdaStart * (1 + lambdaGamma * done) ** -lambdaPower;
  const weight = done <= 0 ? lambdaStart : Math.max(lambdaLeast, fallen);
  return marginCase(
    choice,
    {
      scale: 'norm',
      target({ cosine }) {
        const turns = Math.min(margin - 1, Math.floor((margin * angleOf(cosine)) / Math.PI));
        const psi = (-1) ** turns * Math.cos(margin * angleOf(cosine)) - 2 * turns;
        return (psi + weight * cosine) / (1 + weight);
      },
    },
    { bendsAtZeros: margin % 2 === 0 },
  );
};

const curricularface = (margin: number, averageRate: number, scale: number, more: Common = {}): Case => {
  const next = (cosines: readonly number[]): number => averageRate * mean(cosines) + (1 - averageRate) * 0.25;
  const formula: MarginFormula = {
    scale,
    target: ({ cosine }) => arcfaceCosine(cosine, margin, false),
    negative: (cosine, base) =>
      cosine > Math.cos(angleOf(base.cosine) + margin) ? cosine * (next(base.cosines) + cosine) : cosine,
  };
  const choice = { name: 'curricularface', margin, averageRate, scale, ...more } as LossChoice<'curricularface'>;
  return marginCase(choice, formula, {
    nextState: (sample) => ({ cosine_mean: [[next(cosinesOf(sample))]] }),
  });
};

const cosinesOf = (sample: Sample): readonly number[] => ownOf(sample).cosines;

/** What the first sample of a batch sees: cosines and norms of all. */
function ownOf(sample: Sample): Own {
  const seen: Own[] = [];
  const target = (own: Own): number => {
    seen.push(own);
    return own.cosine;
  };
  marginReference({ scale: 1, target })(sample, sample);
  const [first] = seen;
  if (first === undefined) throw new Error('a batch without samples');
  return first;
}

const subCentre = (margin: number, centres: number, scale: number, more: Common = {}): Case =>
  marginCase(
    { name: 'sub-centre-arcface', margin, centres, scale, ...more } as LossChoice<'sub-centre-arcface'>,
    { scale, target: ({ cosine }) => arcfaceCosine(cosine, margin, false), centresPerClass: centres },
    { bendsAtZeros: true },
  );

type MagfaceNumbers = Pick<LossChoice<'magface'>, 'leastNorm' | 'greatestNorm' | 'leastMargin' | 'greatestMargin'>;

const magface = (
  numbers: MagfaceNumbers,
  normWeight: number,
  easyMargin: boolean,
  scale: number,
  more: Common = {},
): Case => {
  const { leastNorm, greatestNorm, leastMargin, greatestMargin } = numbers;
  const counted = (norm: number): number => Math.min(greatestNorm, Math.max(leastNorm, norm));
  const growth = (greatestMargin - leastMargin) / (greatestNorm - leastNorm);
  const choice = { name: 'magface', ...numbers, normWeight, easyMargin, scale, ...more } as LossChoice<'magface'>;
  const formula: MarginFormula = {
    scale,
    target: ({ cosine, norm }) => arcfaceCosine(cosine, leastMargin + growth * (counted(norm) - leastNorm), easyMargin),
    penalty: ({ norm }) => normWeight * (counted(norm) / greatestNorm ** 2 + 1 / counted(norm)),
  };
  return marginCase(choice, formula, { bendsAtZeros: easyMargin });
};

const adaface = (
  margin: number,
  concentration: number,
  averageRate: number,
  scale: number,
  more: Common = {},
): Case => {
  const clip = (value: number, least: number, greatest: number): number => Math.min(greatest, Math.max(least, value));
  const next = (norms: readonly number[]): readonly [number, number] => {
    const clipped = norms.map((norm) => clip(norm, 1e-3, 100));
    const own = mean(clipped);
    const squares = clipped.reduce((total, norm) => total + (norm - own) ** 2, 0);
    const deviation = norms.length === 1 ? 0.75 : Math.sqrt(squares / (norms.length - 1));
    return [averageRate * own + (1 - averageRate) * 2.5, averageRate * deviation + (1 - averageRate) * 0.75];
  };
  const formula: MarginFormula = {
    scale,
    target({ cosine }, { norm, norms }) {
      const [average, deviation] = next(norms);
      const z = clip((concentration * (clip(norm, 1e-3, 100) - average)) / (deviation + 1e-3), -1, 1);
      const angle = angleOf(clip(cosine, -1 + 1e-3, 1 - 1e-3));
      return Math.cos(clip(angle - margin * z, 1e-3, Math.PI - 1e-3)) - (margin + margin * z);
    },
  };
  const choice = { name: 'adaface', margin, concentration, averageRate, scale, ...more } as LossChoice<'adaface'>;
  return marginCase(choice, formula, {
    nextState(sample) {
      const [average, deviation] = next(ownOf(sample).norms);
      return { norm_mean: [[average]], norm_deviation: [[deviation]] };
    },
  });
};

type ElasticForm = Pick<LossChoice<'elasticface'>, 'form' | 'hardestFirst'>;

const elasticface = (
  shape: ElasticForm,
  [margin, deviation]: readonly [number, number],
  scale: number,
  more: Common = {},
): Case => {
  const marginOf = ({ at, cosines }: Own): number => {
    const random = new Random(caseSeed);
    const margins = cosines.map(() => margin + deviation * random.normal());
    if (!shape.hardestFirst) return margins[at] ?? NaN;
    const rank = cosines.filter(
      (each, index) => each < (cosines[at] ?? NaN) || (each === cosines[at] && index < at),
    ).length;
    return margins.sort((a, b) => b - a)[rank] ?? NaN;
  };
  const choice = { name: 'elasticface', ...shape, margin, deviation, scale, ...more } as LossChoice<'elasticface'>;
  return marginCase(choice, {
    scale,
    target: ({ cosine }, base) =>
      shape.form === 'arc' ? Math.cos(angleOf(cosine) + marginOf(base)) : cosine - marginOf(base),
  });
};

const uniface = (margin: number, negativeWeight: number, biasFactor: number, scale: number, more: Common = {}): Case =>
  marginCase({ name: 'uniface', margin, negativeWeight, biasFactor, scale, ...more } as LossChoice<'uniface'>, {
    scale,
    target: ({ cosine }) => cosine - margin,
    objective: unifaceObjective(scale, negativeWeight),
  });

const centre = (weight: number, rate: number): Case =>
  caseOf(choose({ name: 'centre', weight, rate }), {
    reference: centreReference(weight),
    nextState: (sample) => ({ centres: movedCentres(sample, rate) }),
  });

const mining = { imagesPerIdentity: 5, poolSize: 30, maxPositiveDistance: 0 };
const otherMining = { imagesPerIdentity: 2, poolSize: 12, maxPositiveDistance: 1 };

/** Every loss, and of each option two values. */
export const cases: readonly Case[] = [
  caseOf({ name: 'softmax' }, { reference: softmaxReference }),
  arcface(0.5, 64, false),
  arcface(0.5, 64, true),
  arcface(0.3, 32, false),
  arcface(0.3, 32, true),
  arcface(0, 16, false),
  arcface(1.5, 1, false),
  arcface(1.5, 1, true),
  arcface(0.5, 8, false, { gradient: 'straight-through' }),
  arcface(0.5, 8, true, { gradient: 'exact', interclassFilter: 0.3 }),
  cosface(0.35, 64),
  cosface(0.5, 30),
  cosface(0.1, 1),
  cosface(0.35, 16, { interclassFilter: 0.2 }),
  combined([1, 0.5, 0], 64),
  combined([0.9, 0.4, 0.15], 16),
  combined([1.2, 0.4, 0], 8, { gradient: 'straight-through' }),
  combined([1, 0.3, 0.2], 8, { gradient: 'exact', interclassFilter: 0.3 }),
  combined([1, 0, 0.35], 16),
  combined([1, 0, 0], 16),
  multipliedAngle(1.5, 64),
  multipliedAngle(3, 4, { gradient: 'straight-through' }),
  multipliedAngle(1.5, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  gradedMargin(0.5, 0, 64),
  gradedMargin(0.3, 0.6, 8),
  gradedMargin(0.5, 0.2, 8, { gradient: 'straight-through' }),
  gradedMargin(0.5, 0, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  drawnMargin(0, 0.5, 64),
  drawnMargin(0.2, 1, 8, { gradient: 'straight-through' }),
  drawnMargin(0.2, 1, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  sphereface(4, [1000, 5, 0, 0.12, 1]),
  sphereface(3, [10, 2, 5, 0.5, 2]),
  sphereface(4, [0, 0, 0, 0.12, 1]),
  sphereface(2, [7, 2, 50, 0.1, 1], { gradient: 'straight-through', interclassFilter: 0.3 }),
  sphereface(1, [1, 1, 0, 0, 1], { gradient: 'exact' }),
  curricularface(0.5, 0.01, 64),
  curricularface(0.3, 0.5, 8),
  curricularface(0.3, 0.5, 8, { gradient: 'straight-through' }),
  curricularface(0.3, 0.5, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  subCentre(0.5, 3, 64),
  subCentre(0.3, 2, 8),
  subCentre(0.3, 1, 8, { gradient: 'straight-through' }),
  subCentre(0.3, 3, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  magface({ leastNorm: 10, greatestNorm: 110, leastMargin: 0.45, greatestMargin: 0.8 }, 35, true, 64),
  magface({ leastNorm: 1, greatestNorm: 5, leastMargin: 0.3, greatestMargin: 1 }, 2, true, 8),
  magface({ leastNorm: 1, greatestNorm: 5, leastMargin: 0.3, greatestMargin: 1 }, 2, false, 8),
  magface({ leastNorm: 1, greatestNorm: 5, leastMargin: 0.3, greatestMargin: 1 }, 2, true, 8, { gradient: 'straight-through' }),
  magface({ leastNorm: 1, greatestNorm: 5, leastMargin: 0.3, greatestMargin: 1 }, 2, false, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  adaface(0.4, 0.333, 0.01, 64),
  adaface(0.5, 0.9, 0.5, 8),
  adaface(0.5, 0.9, 0.5, 8, { gradient: 'straight-through' }),
  adaface(0.5, 0.9, 0.5, 8, { gradient: 'exact', interclassFilter: 0.3 }),
  elasticface({ form: 'arc', hardestFirst: false }, [0.5, 0.0125], 64),
  elasticface({ form: 'arc', hardestFirst: true }, [0.4, 0.1], 8),
  elasticface({ form: 'cos', hardestFirst: true }, [0.35, 0.05], 8),
  elasticface({ form: 'arc', hardestFirst: false }, [0.4, 0.1], 8, { gradient: 'straight-through' }),
  elasticface({ form: 'cos', hardestFirst: false }, [0.35, 0.05], 8, { gradient: 'exact', interclassFilter: 0.3 }),
  uniface(0.4, 1, 1, 64),
  uniface(0.2, 0.5, 2, 8, { interclassFilter: 0.3 }),
  uniface(0.2, 0.5, 2, 1),
  centre(0.003, 0.5),
  centre(0.5, 0.2),
  caseOf({ name: 'coco', imagesPerIdentity: 16 }, { reference: cocoReference }),
  caseOf({ name: 'coco', imagesPerIdentity: 2 }, { reference: cocoReference }),
  caseOf({ name: 'marginal', threshold: 1.2, margin: 0.3, imagesPerIdentity: 16 }, { reference: marginalReference(1.2, 0.3) }),
  caseOf({ name: 'marginal', threshold: 1.5, margin: 1, imagesPerIdentity: 2 }, { reference: marginalReference(1.5, 1) }),
  caseOf({ name: 'n-pair' }, { reference: nPairReference }),
  caseOf({ name: 'triplet', margin: 0.3, ...mining }, { reference: tripletReference(0.3, 'distance') }),
  caseOf({ name: 'triplet', margin: 2, ...otherMining }, { reference: tripletReference(2, 'distance') }),
  caseOf({ name: 'triplet-angular', margin: 0.5, negativeMargin: 0.3, ...mining }, { reference: tripletReference(0.5, 'angle') }),
  caseOf({ name: 'triplet-angular', margin: 2, negativeMargin: 0.6, ...otherMining }, { reference: tripletReference(2, 'angle') }),
]; // prettier-ignore
