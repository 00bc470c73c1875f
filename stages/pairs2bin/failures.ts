import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  missingImage: {
    meaning: 'An image that is needed does not exist.',
    text: ({ name, folder }: { readonly name: string; readonly folder: string }) => ({
      message: `the protocol names ${name}, but ${folder} does not have it`,
      hint: 'Bind the folder that the protocol was made for, or choose missing: skip.',
    }),
    example: { name: 'image 7 of anna', folder: 'faces' },
  },
  missingPoints: {
    meaning: 'There are no points to align an image by.',
    text: ({ name }: { readonly name: string }) => ({
      message: `expected ${name} with the points of this image, found no such file`,
      hint: 'Bind the port points to the folder of the .pts files, or choose align: crop.',
    }),
    example: { name: '1_anna_30.pts' },
  },
  nothingToPack: {
    meaning: 'No image is left to pack.',
    text: ({ problem }: { readonly problem?: string | undefined }) => ({
      message:
        problem === undefined
          ? 'no pair has both of its images'
          : `no pair has two images that can be read; of the first: ${problem}`,
    }),
    example: {},
  },
  wrongPoints: {
    meaning: 'A file of points has another number of points than alignment needs.',
    text: ({ count }: { readonly count: number }) => ({
      message: `expected 68 points, found ${count}`,
      hint: 'Use .pts files of the 68 points of 300-W, or choose align: crop.',
    }),
    example: { count: 5 },
  },
});
