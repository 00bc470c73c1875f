import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  unknownPeople: {
    meaning: 'No person of a list is in the packed set.',
    text: ({ people }: { readonly people: number }) => ({
      message: `none of ${people} people of the list is in names.txt of the packed set`,
      hint: 'Names have to be written as in names.txt beside the records, letter by letter.',
    }),
    example: { people: 12 },
  },
  noNames: {
    meaning: 'People are to be held out by name, and the packed set does not tell who its classes are.',
    text: () => ({
      message: 'expected names.txt beside the records, which tells who each class is, found no such file',
      hint: 'Write a line "class name", separated by a tab, for each class; face2rec writes the file with names: true.',
    }),
    example: {},
  },
  tooFewIdentities: {
    meaning: 'A packed set has too few identities for the parts it is to be divided into.',
    text: ({ validation, identities }: { readonly validation: number; readonly identities: number }) => ({
      message: `${validation} of ${identities} identities were to be in the validation set; none would be left to train on`,
      hint: 'Lower validationIdentities.',
    }),
    example: { validation: 10, identities: 8 },
  },
});
