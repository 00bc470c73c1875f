import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  nothingToPack: {
    meaning: 'No image is left to pack.',
    text: ({ min }: { readonly min: number }) => ({ message: `no identity has ${min} images or more` }),
    example: { min: 20 },
  },
});
