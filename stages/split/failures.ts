import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  tooFewIdentities: {
    meaning: 'A packed set has too few identities for the parts it is to be divided into.',
    text: ({ validation, identities }: { readonly validation: number; readonly identities: number }) => ({
      message: `${validation} of ${identities} identities were to be in the validation set; none would be left to train on`,
      hint: 'Lower validationIdentities.',
    }),
    example: { validation: 10, identities: 8 },
  },
});
