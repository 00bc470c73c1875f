import type { Tensor } from '@tensorflow/tfjs-core';

/** Which parameters weight decay acts on; `all` is what the 2018 system did, without meaning to. */
export type DecayPolicy = 'all' | 'no-bias-bn' | 'all-but-classifier';

// Without a default: trainings of before it existed keep their keys in the cache.
export const decay = {
  enum: ['all', 'no-bias-bn', 'all-but-classifier'],
  description:
    'Which parameters decay. all, also if left out: every one, as in the 2018 system. no-bias-bn: none of a single axis, ' +
    'that is no bias, no parameter of a normalisation and no slope of PReLU. all-but-classifier: every one but the arrays of the loss.',
} as const;

/** Whether a parameter decays. `ofLoss`: it is an array of the loss. */
export function decays(policy: DecayPolicy = 'all', weight: Tensor, ofLoss: boolean): boolean {
  if (policy === 'all-but-classifier') return !ofLoss;
  return policy === 'all' || weight.rank > 1;
}
