import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  noTrials: {
    meaning: 'A set of probes has no two images of one person.',
    text: ({ name, images }: { readonly name: string; readonly images: number }) => ({
      message: `none of the ${images} probes of ${name} has a second image of the same person, so that there is nothing to find`,
      hint: 'Who is on a probe is the folder in its name, or its id in a list of the development kit.',
    }),
    example: { name: 'facescrub', images: 12 },
  },
  probeListsMismatch: {
    meaning: 'There are more lists of probes than sets of probes, or fewer.',
    text: ({ lists, sets }: { readonly lists: number; readonly sets: number }) => ({
      message: `${lists} lists of probes are given for ${sets} sets of probes`,
      hint: 'Bind one for each set, in the same order, or none.',
    }),
    example: { lists: 1, sets: 2 },
  },
  tooFewDistractors: {
    meaning: 'More distractors are asked for than there are.',
    text: ({ asked, found }: { readonly asked: number; readonly found: number }) => ({
      message: `${asked} distractors are asked for, and there are ${found}`,
      hint: 'Leave the parameter sizes empty: powers of ten, and all that there are.',
    }),
    example: { asked: 1000000, found: 972313 },
  },
  unusableList: {
    meaning: 'A list of the development kit names no image, or one twice.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: problem,
      hint: 'A probe that is listed twice would find itself, and a distractor would count twice: list every image once.',
    }),
    example: { problem: '1 of 3530 images are listed more than once: Anna/Anna_2.png' },
  },
  sameNames: {
    meaning: 'Two sets of probes would have the same name.',
    text: ({ name }: { readonly name: string }) => ({
      message: `two sets of probes are called ${name}, so that the files of one would take the place of those of the other`,
      hint: 'Name each of them differently in probeNames.',
    }),
    example: { name: 'facescrub' },
  },
  unprovenFeatures: {
    meaning: 'Features do not tell which network and preprocessing they are of.',
    text: ({ names }: { readonly names: readonly string[] }) => ({
      message: `the features of ${names.join(' and ')} tell no contract, so that nothing proves that they are of the same network and preprocessing`,
      hint: 'Compute them with megaface-features, or, if you know that they are, set withoutContract: accept; the result tells that it is not proven.',
    }),
    example: { names: ['facescrub', 'the distractors'] },
  },
  probeAmongDistractors: {
    meaning: 'An image is a probe and a distractor.',
    text: ({ names, count }: { readonly names: readonly string[]; readonly count: number }) => ({
      message: `${count} images are probes and distractors: ${names.join(', ')}`,
      hint: 'A distractor that is the probe itself is closer than every mate: leave these images out of one of the two.',
    }),
    example: { names: ['Anna/Anna_2.png'], count: 1 },
  },
});
