import { catalogue } from '../../src/core/failure.ts';

/** Numbers of people and images that do not go together. */
export const failures = catalogue({
  tooFewIdentities: {
    meaning: 'More identities are to be held out than are drawn.',
    text: ({ heldOut, identities }: { readonly heldOut: number; readonly identities: number }) => ({
      message: `heldOut is ${heldOut}, more than the ${identities} identities there are`,
      hint: 'Raise identities or lower heldOut.',
    }),
    example: { heldOut: 40, identities: 20 },
  },
  tooFewImages: {
    meaning: 'The held-out people have fewer different pairs of images than the protocol is to have.',
    text: ({ half, people, imagesEach, same, different }: PairCounts) => ({
      message:
        `${half} pairs of the same and ${half} of different people are asked for; ` +
        `${people} held-out people with ${imagesEach} images each have ${same} and ${different}`,
      hint: 'Raise heldOut or imagesPerIdentity, or ask for fewer pairs.',
    }),
    example: { half: 300, people: 2, imagesEach: 2, same: 2, different: 4 },
  },
});

interface PairCounts {
  /** Pairs of the same people that are asked for, and as many of different people. */
  readonly half: number;
  readonly people: number;
  readonly imagesEach: number;
  /** Pairs there are. */
  readonly same: number;
  readonly different: number;
}
