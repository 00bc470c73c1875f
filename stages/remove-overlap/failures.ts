import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  noExcludedPeople: {
    meaning: 'A set whose people are to be taken out of another holds no image.',
    text: ({ name }: { readonly name: string }) => ({
      message: `the verification set ${name} holds no pairs: there are no people to take out`,
      hint: 'Pack it with a protocol: face2rec and pairs2bin take one.',
    }),
    example: { name: 'lfw' },
  },
  nothingToCompare: {
    meaning: 'There is nothing that people could be compared with.',
    text: () => ({
      message: 'one packed set is given and none whose people are to be taken out of it: there is nothing to compare',
      hint: 'Bind verification sets to pairs, packed sets to excluded, or several sets to datasets.',
    }),
    example: {},
  },
  noIdentityLeft: {
    meaning: 'All identities of a set are to be taken out.',
    text: ({ identities, threshold }: { readonly identities: number; readonly threshold: number }) => ({
      message: `all ${identities} identities have a cosine of ${threshold} or more to an excluded person: none is left`,
      hint: 'Raise the threshold, or look whether the set is that of the excluded people; for a model that was trained too little all faces are alike.',
    }),
    example: { identities: 12, threshold: 0.4 },
  },
});
