import { catalogue } from '../../../core/failure.ts';

/** What can go wrong with the quality of images. */
export const failures = catalogue({
  badFaces: {
    meaning: 'A file is not what the stage align says of faces.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `expected a line of JSON for each image, as align writes (faces.ndjson), found ${problem}`,
      hint: 'Bind align\'s output "faces".',
    }),
    example: { problem: 'a line that is no JSON' },
  },
  noScores: {
    meaning: 'No pair of one person has the score of a detector for both of its images.',
    text: ({ set, images }: { readonly set: string; readonly images: number }) => ({
      message: `no pair of one person of the set ${set} has a score of the detector for both images; ${images} of its images have one`,
      hint: 'Bind what align reports of these very images, and the protocol that names them so; faces that were cut by a list have no score.',
    }),
    example: { set: 'lfw', images: 0 },
  },
  scoresNeeded: {
    meaning: 'The score of the detector is asked for, and nothing has it.',
    text: () => ({
      message: 'the quality "score" needs the port "faces": nothing else has the scores of a detector',
      hint: 'Bind align\'s output "faces" (faces.ndjson), or ask for norm and blur, which every set has.',
    }),
    example: {},
  },
});
