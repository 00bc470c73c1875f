import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  allNoise: {
    meaning: 'No image of a set is kept.',
    code: 'nothing-to-pack',
    text: ({ images, mode }: { readonly images: number; readonly mode: 'centre' | 'clusters' }) => ({
      message: `all ${images} images would be dropped: none is ${mode === 'centre' ? 'as near to the centre of its identity as the threshold asks for' : 'near another one of its identity'}`,
      hint: mode === 'centre' ? 'Lower the threshold.' : 'Raise the distance.',
    }),
    example: { images: 120, mode: 'centre' },
  },
});
