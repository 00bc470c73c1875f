import { catalogue } from '../../core/failure.ts';

/** What contents and stored results can fail with. */
export const failures = catalogue({
  unreadablePath: {
    meaning: 'A file or folder that is needed does not exist or cannot be read.',
    text: ({ path, reason }: { path: string; reason: string }) => ({ message: `cannot read ${path}: ${reason}` }),
    example: { path: 'datasets/faces', reason: 'it does not exist' },
  },
  notAFile: {
    meaning: 'A content contains something else than files and folders.',
    text: ({ path }: { path: string }) => ({
      message: `expected a file or a folder, found something else (a pipe, a socket or a device): ${path}`,
    }),
    example: { path: 'datasets/faces/control' },
  },
  endlessFolder: {
    meaning: 'A symbolic link leads back to a folder that contains it.',
    text: ({ path }: { path: string }) => ({
      message: `a symbolic link leads back to a folder above it: ${path}`,
      hint: 'Remove the link, or name a folder without it.',
    }),
    example: { path: 'datasets/faces/all' },
  },
  inputChanging: {
    meaning: 'An input is written to while it is read.',
    text: ({ path, attempts }: { path: string; attempts: number }) => ({
      message: `${path} changed each of the ${attempts} times it was read`,
      hint: 'Wait until the program that writes it has finished.',
    }),
    example: { path: 'datasets/faces', attempts: 3 },
  },
  outputMissing: {
    meaning: 'A stage ended well but did not write one of its outputs.',
    text: ({ port, path }: { port: string; path: string }) => ({
      message: `the stage ended without writing its output ${port} (${path})`,
      hint: 'A stage creates every output its stage.json declares.',
    }),
    example: { port: 'model', path: 'model' },
  },
  unreadableOutput: {
    meaning: 'A stage left an output that its own user may not read.',
    text: ({ port, path }: { port: string; path: string }) => ({
      message: `output ${port} holds something that may not be read: ${path}`,
      hint: 'Let its owner read it: chmod u+r, and u+rx for a folder.',
    }),
    example: { port: 'model', path: 'model/weights.bin' },
  },
  outputLeadsOutside: {
    meaning: 'An output contains a symbolic link to something outside of it.',
    text: ({ port, link }: { port: string; link: string }) => ({
      message: `output ${port} contains a symbolic link that leads out of the outputs: ${link}`,
      hint: 'Write a copy: a result must be complete by itself.',
    }),
    example: { port: 'images', link: 'images/first.png' },
  },
  noResultsHere: {
    meaning: 'A folder of stored results was expected and contains none.',
    text: () => ({
      message: 'expected a folder of results, found none in it',
      hint: 'flow cache export FOLDER makes one; the cache of another workspace can be imported too.',
    }),
    example: {},
  },
  secondCacheMissing: {
    meaning: 'The folder that FLOW_SECOND_CACHE names does not exist.',
    text: ({ folder }: { folder: string }) => ({
      message: `expected a folder of results, found none: ${folder}`,
      hint: 'Mount the drive it is on, or leave FLOW_SECOND_CACHE unset.',
    }),
    example: { folder: '/mnt/results' },
  },
});
