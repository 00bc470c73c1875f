import { catalogue } from '../../src/core/failure.ts';

/** Failures of the stage itself; those of data sets, verification and training are in src/kit. */
export const failures = catalogue({
  lossNeedsSampling: {
    meaning:
      'The loss compares images of a batch with each other, and batches of chosen identities cannot be made yet.',
    text: ({ loss }: { loss: string }) => ({
      message: `loss "${loss}" needs batches of several images of each identity, and training reads shuffled images only`,
      hint: 'Choose a loss with a classifier, such as arcface or cosface.',
    }),
    example: { loss: 'triplet' },
  },
  pretrainedShape: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: (facts: { name: string; shape: readonly number[]; expected: readonly number[] }) => ({
      message: `parameter "${facts.name}" has shape [${facts.shape.join(', ')}] in the pretrained model, expected [${facts.expected.join(', ')}], its shape in the network`,
      hint: 'Start from a model of the same network and embedding size.',
    }),
    example: { name: 'fc1_weight', shape: [512, 512], expected: [128, 512] },
  },
  pretrainedNames: {
    code: 'pretrained-mismatch',
    meaning: 'The pretrained model does not fit the network that is to be trained.',
    text: ({ wanted, found }: { wanted: string; found: string }) => ({
      message: `the pretrained model has no parameter of the network: not "${wanted}", for one; it has "${found}" and the like`,
      hint: 'Start from a model of the same network.',
    }),
    example: { wanted: 'conv_1_conv2d_weight', found: 'conv0_weight' },
  },
});
