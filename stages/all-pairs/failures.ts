import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  nothingToCompare: {
    meaning: 'Features have no two images of one person, or are of one person only.',
    text: ({ what, images, people }: { readonly what: string; readonly images: number; readonly people: number }) => ({
      message: `${what} has ${images} images of ${people} people: no pair of ${people < 2 ? 'different people' : 'one person'}`,
      hint: 'Who is on an image is the folder in its name; images of a packed set that are named by numbers need the input dataset.',
    }),
    example: { what: 'the folder of features', images: 5, people: 5 },
  },
  otherDataset: {
    meaning: 'A packed set is not the one that the features were computed of.',
    text: ({ found, expected }: { readonly found: string; readonly expected: string }) => ({
      message: `the features are not of this packed set: ${found}, expected ${expected}`,
      hint: 'Bind the set that the stage which computed the features has read.',
    }),
    example: { found: 'a row is named Anna/Anna_1.png', expected: 'a number below 500' },
  },
});
