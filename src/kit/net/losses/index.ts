import { adaface } from './adaface.ts';
import { arcface } from './arcface.ts';
import { centre } from './centre.ts';
import { coco } from './coco.ts';
import { combined } from './combined.ts';
import { cosface } from './cosface.ts';
import { curricularface } from './curricularface.ts';
import { drawnMargin } from './drawn-margin.ts';
import { elasticface } from './elasticface.ts';
import { gradedMargin } from './graded-margin.ts';
import { bindLoss, type BoundLoss, type Loss } from './loss.ts';
import { magface } from './magface.ts';
import { marginal } from './marginal.ts';
import { multipliedAngle } from './multiplied-angle.ts';
import { nPair } from './n-pair.ts';
import { softmax } from './softmax.ts';
import { sphereface } from './sphereface.ts';
import { subCentreArcface } from './sub-centre-arcface.ts';
import { tripletAngular } from './triplet-angular.ts';
import { triplet } from './triplet.ts';
import { uniface } from './uniface.ts';

/** The losses that a network can be trained with: those of the 2018 system in its order, then those of later years. */
export const losses = {
  softmax,
  sphereface,
  cosface,
  'multiplied-angle': multipliedAngle,
  arcface,
  combined,
  'graded-margin': gradedMargin,
  'drawn-margin': drawnMargin,
  centre,
  coco,
  marginal,
  'n-pair': nPair,
  triplet,
  'triplet-angular': tripletAngular,
  curricularface,
  'sub-centre-arcface': subCentreArcface,
  magface,
  adaface,
  elasticface,
  uniface,
} as const;

export type LossName = keyof typeof losses;

type Options = { readonly [Name in LossName]: (typeof losses)[Name] extends Loss<infer Own> ? Own : never };

/** The choice of a loss as an experiment makes it: its name, and all its options with defaults filled in. */
export type LossChoice<Name extends LossName = LossName> = {
  [Each in Name]: { readonly name: Each } & Options[Each];
}[Name];

const table: { readonly [Name in LossName]: Loss<Options[Name]> } = losses;

/** Fails with `empty-range` where options contradict each other. */
export function lossOf<Name extends LossName>(choice: LossChoice<Name>): BoundLoss {
  table[choice.name].requireOptions?.(choice);
  return bindLoss(table[choice.name], choice);
}
