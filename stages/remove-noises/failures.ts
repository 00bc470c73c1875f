import { catalogue } from '../../src/core/failure.ts';

type Set = 'probes' | 'distractors';

/** So many names of one failure are shown. */
const shownNames = 20;

export const failures = catalogue({
  nothingToClean: {
    meaning: 'Features or a list of noise are missing.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: problem,
      hint: 'Bind probes with probeNoises, distractors with distractorNoises, or both.',
    }),
    example: { problem: 'neither probes nor distractors are given' },
  },
  noiseNamesDiffer: {
    meaning: 'A list of noise names images with other endings or in other folders than the features.',
    text: ({
      what,
      entries,
      count,
      entry,
      image,
    }: {
      readonly what: Set;
      readonly entries: number;
      readonly count: number;
      readonly entry: string;
      readonly image: string;
    }) => ({
      message: `none of its ${entries} names is that of one of the ${what}, but ${count} have the file name of one without its ending: ${entry} is listed, the features have ${image}`,
      hint: 'Align with the ending and the folders that the list has: encoding: png for FaceScrub, jpg for MegaFace.',
    }),
    example: {
      what: 'probes',
      entries: 605,
      count: 24,
      entry: 'Aaron_Eckhart_136.png',
      image: 'Aaron_Eckhart/Aaron_Eckhart_136.jpg',
    },
  },
  noiseListsSwapped: {
    meaning: 'A list of noise names the images of the other set.',
    text: ({ own, other, count }: { readonly own: Set; readonly other: Set; readonly count: number }) => ({
      message: `none of its names is that of one of the ${own}, but ${count} are those of ${other}`,
      hint: 'Bind the list of FaceScrub to probeNoises, and that of MegaFace to distractorNoises.',
    }),
    example: { own: 'probes', other: 'distractors', count: 707 },
  },
  noneClean: {
    meaning: 'All probes of a person are noise.',
    text: ({ people }: { readonly people: readonly string[] }) => {
      const more = people.length > shownNames ? ` and ${people.length - shownNames} more` : '';
      return {
        message: `all probes of ${people.slice(0, shownNames).join(', ')}${more} are noise: there is no centre that could replace them`,
        hint: 'Leave these people out with probeList, or their images out of the list of noise.',
      };
    },
    example: { people: ['Aaron_Eckhart'] },
  },
});
