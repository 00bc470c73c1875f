import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  nothingToEmbed: {
    meaning: 'Neither probes nor distractors are given.',
    text: () => ({
      message: 'there is nothing to embed: neither probes nor distractors are given',
      hint: 'Bind probes (FaceScrub, aligned) or distractors (MegaFace, aligned), or both; packed sets go to probeSet and distractorSet.',
    }),
    example: {},
  },
  listWithoutImages: {
    meaning: 'A list of images is given without the folder that its paths start at.',
    text: ({ name }: { readonly name: 'probes' | 'distractors' }) => ({
      message: `the list of ${name} needs the folder that its paths start at, and the input ${name} is not bound`,
    }),
    example: { name: 'probes' },
  },
});
