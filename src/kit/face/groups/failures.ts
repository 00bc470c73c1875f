import { catalogue } from '../../../core/failure.ts';

/** What can go wrong with who is on images, and with their groups. */
export const failures = catalogue({
  badGroups: {
    meaning: 'A list of groups does not fit the images.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: problem,
      hint: 'Each line is the name of a person or of an image, a tab (or a comma), and the name of a group; a name is in one group.',
    }),
    example: { problem: 'none of the 120 names is a person or an image of the features' },
  },
  tooManyGroups: {
    meaning: 'A list has so many groups that every two cannot be compared.',
    text: ({ groups, most }: { readonly groups: number; readonly most: number }) => ({
      message: `the list has ${groups} groups, at most ${most} are compared with each other`,
      hint: 'The second column is the group: is it a name, or a number that differs from line to line?',
    }),
    example: { groups: 4281, most: 20 },
  },
  noGroupedPairs: {
    meaning: 'No pair of a verification set has both of its images in a group.',
    text: ({ set }: { readonly set: string }) => ({
      message: `no pair of the set ${set} has both of its images in a group`,
      hint: 'Name more people in the list of groups: a pair counts where both of its people are in it.',
    }),
    example: { set: 'lfw' },
  },
  namesNeeded: {
    meaning: 'Something is given by name, and a verification set has no names.',
    text: ({ what }: { readonly what: string }) => ({
      message: `${what} by name, and a verification set (.bin) holds images without names`,
      hint: 'Bind the port "protocol" to the list of pairs that the set was packed from (pairs.txt, or the MATLAB file of CFP or AgeDB); pairs of one\'s own can be written in the form of pairs.txt.',
    }),
    example: { what: 'groups are given' },
  },
  protocolsDoNotMatch: {
    meaning: 'There are more or fewer protocols than verification sets.',
    text: ({ protocols, sets }: { readonly protocols: number; readonly sets: number }) => ({
      message: `expected a protocol for each of the ${sets} verification sets, found ${protocols}`,
      hint: 'List them in the order of "pairs".',
    }),
    example: { protocols: 1, sets: 3 },
  },
  otherProtocol: {
    meaning: 'A verification set was not packed from this protocol.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `the set was not packed from this protocol: ${problem}`,
      hint: 'Where some folds were packed, name them in "protocolFolds" as the packing stage did; where pairs were left out for missing images, leave them out of the protocol too.',
    }),
    example: { problem: 'pair 301 is of one person in the set lfw, and of two people in the protocol' },
  },
});
