import { catalogue } from '../../core/failure.ts';

/** What the inspection of a path can end with; damage is part of its result. */
export const failures = catalogue({
  notAFile: {
    meaning: 'A path that should name a file names something else.',
    text: ({ path }: { readonly path: string }) => ({
      message: `expected a file or a folder, found something else (a pipe, a socket or a device): ${path}`,
    }),
    example: { path: 'data/control' },
  },
  missingFile: {
    meaning: 'A file or folder that is needed does not exist.',
    text: ({ path }: { readonly path: string }) => ({ message: `${path} does not exist` }),
    example: { path: 'data/train.rec' },
  },
});
