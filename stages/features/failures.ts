import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  noImages: {
    meaning: 'The inputs of the stage name no images, or name them twice.',
    text: ({ problem }: { problem: string }) => ({ message: problem }),
    example: { problem: 'one of the inputs images and dataset is needed' },
  },
  imageNotAligned: {
    meaning: 'A list marks an image as not aligned.',
    text: ({ path }: { path: string }) => ({
      message: `${path} is marked as not aligned (0); a network takes aligned images only`,
      hint: 'Let face2rec align the images, and pass its set as the input dataset.',
    }),
    example: { path: 'bert/bert_0001.jpg' },
  },
  nameOutside: {
    meaning: 'A file of features would be written outside of the output folder.',
    text: ({ path }: { path: string }) => ({
      message: `the path ${path} leads out of its folder; a file of features is named after the path of its image`,
      hint: 'Write the list relative to the folder of images, or ask for the layout "matrix".',
    }),
    example: { path: '../faces/anna/anna_0001.jpg' },
  },
});
