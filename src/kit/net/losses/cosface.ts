import type { Loss } from './loss.ts';
import { classCentres, marginLoss } from './margin-loss.ts';

export interface CosfaceOptions {
  readonly margin: number;
  readonly scale: number;
}

/** CosineFace (Wang et al. 2018, "CosFace", equation 4; "AM-softmax"): the label's cosine counts as smaller by the margin. */
export const cosface: Loss<CosfaceOptions> = {
  summary: 'Additive cosine margin on normalised embeddings and centres.',
  options: {
    margin: {
      type: 'number',
      exclusiveMinimum: 0,
      default: 0.35,
      description: "Taken off the label's cosine.",
    },
    scale: { type: 'number', exclusiveMinimum: 0, default: 64, description: 'Factor of the cosines.' },
  },
  arrays: classCentres,
  compute: (call, { margin, scale }) =>
    marginLoss(call, { scale, target: (cosine) => ({ value: call.backend.tf.sub(cosine, margin) }) }),
};
