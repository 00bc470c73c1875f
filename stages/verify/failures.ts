import { catalogue } from '../../src/core/failure.ts';

export const failures = catalogue({
  badEpochRange: {
    meaning: 'The parameter "max" is not a range of positions.',
    text: ({ max }: { max: readonly number[] }) => ({
      message: `expected "max" to be two positions, the first below the second, found [${max.join(', ')}]`,
      hint: 'For example, max: [0, 3] takes the three newest epochs.',
    }),
    example: { max: [3, 3] },
  },
});
