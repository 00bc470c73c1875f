import { catalogue } from '../../core/failure.ts';

/** What the inspection of a path can end with; damage is part of its result. */
export const failures = catalogue({
  missingFile: {
    meaning: 'A file or folder that is needed does not exist.',
    text: ({ path }: { readonly path: string }) => ({ message: `${path} does not exist` }),
    example: { path: 'data/train.rec' },
  },
});
