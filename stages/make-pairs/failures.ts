import { catalogue } from '../../src/core/failure.ts';
import { counted } from '../../src/core/human.ts';

export const failures = catalogue({
  tooFewPeople: {
    meaning: 'There are fewer people than are to be held out, or fewer than two for each fold.',
    text: ({ wanted, found, minImages, folds }: TooFewPeople) => ({
      message: `${folds === undefined ? `${wanted} people are to be held out` : `${counted(folds, 'fold')} need ${wanted} people at least, two in each`}, but ${found} have ${minImages === 1 ? 'an image' : `${minImages} images or more`}`,
      hint: 'Bind a folder with a sub-folder per person or a packed set, or lower people, folds or minImagesPerIdentity.',
    }),
    example: { wanted: 20, found: 12, minImages: 2, folds: 10 },
  },
  tooFewPairsOfImages: {
    meaning: 'The images of the people allow fewer pairs than are asked for.',
    code: 'too-few-images',
    text: ({ wanted, folds, possible, kind }: TooFewPairs) => ({
      message:
        `${counted(folds, 'fold')} of ${wanted} pairs ${kind} are asked for, but a fold has images for ${possible} of them` +
        (kind === 'of the same person' && possible === 0 ? ': no person in it has two images' : ''),
      hint: 'Lower pairsPerFold or folds, or hold more people out; pairsPerFold: 0 takes as many as there can be.',
    }),
    example: { wanted: 300, folds: 10, possible: 41, kind: 'of the same person' },
  },
  noPeople: {
    meaning: 'It is not clear of whose images pairs are to be made.',
    text: ({ bound }: { readonly bound: 'neither is' | 'both are' }) => ({
      message: `one of the inputs images and dataset is needed, and ${bound} bound`,
      hint: 'Bind images to a folder with a sub-folder per person, or dataset to a packed set.',
    }),
    example: { bound: 'neither is' },
  },
  needsModel: {
    meaning: 'Hard pairs are asked for, and there is no model to find them.',
    code: 'no-model',
    text: ({ hardShare }: { readonly hardShare: number }) => ({
      message: `hardShare is ${hardShare}, but no model is bound that could tell which pairs are hard`,
      hint: 'Bind the input model, or leave hardShare out.',
    }),
    example: { hardShare: 0.5 },
  },
  nameWithTab: {
    meaning: 'The name of a person or of an image cannot be written into a protocol.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the name ${JSON.stringify(name)} has a tab or an end of line in it, which part the names in a protocol`,
      hint: 'Rename the folder or the file.',
    }),
    example: { name: 'anna\t2' },
  },
});

interface TooFewPeople {
  readonly wanted: number;
  readonly found: number;
  readonly minImages: number;
  /** Undefined where `people` asks for them. */
  readonly folds?: number | undefined;
}

interface TooFewPairs {
  readonly wanted: number;
  readonly folds: number;
  /** In the fold that has the fewest. */
  readonly possible: number;
  readonly kind: 'of the same person' | 'of different people';
}
