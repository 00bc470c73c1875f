import { catalogue } from '../../src/core/failure.ts';

/** What the inputs of a page can be instead of what is needed. */
export const failures = catalogue({
  alignmentInvalid: {
    meaning: 'An input bound to `alignments` is not what the stage align says of its work.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected the output alignment of a stage align, found ${found}`,
    }),
    example: { found: 'another object' },
  },
  figuresInvalid: {
    meaning: 'An input bound to `figures` does not hold figures.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `expected figures of a program: ${problem}`,
      hint: 'Write a JSON object of numbers and of lists of [step, value]: see docs/programs.md.',
    }),
    example: { problem: 'expected an object' },
  },
  identificationInvalid: {
    meaning: 'An input bound to `identifications` is not the result of an identification.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected the result of a stage megaface, found ${found}`,
    }),
    example: { found: 'no "format": "faceflow-megaface"' },
  },
  inputNotJson: {
    meaning: 'A file that the page is made of is not JSON.',
    text: () => ({ message: 'expected JSON, found something else' }),
    example: {},
  },
  trainingLogInvalid: {
    meaning: 'An input bound to `logs` is not the log of a training.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected the log of a training, found ${found}`,
    }),
    example: { found: 'no "format": "faceflow-log"' },
  },
  verificationInvalid: {
    meaning: 'An input bound to `verifications` is not the result of a verification.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected the result of a verification, found ${found}`,
    }),
    example: { found: 'no list "folds"' },
  },
});
