import { catalogue } from '../core/failure.ts';

/** Why the service does not start. */
export const failures = catalogue({
  openWithoutToken: {
    meaning: 'The service was to listen on an address that others reach, without a token that they have to know.',
    text: ({ address }: { readonly address: string }) => ({
      message: `${address} is reached from other machines, and there is no token`,
      hint: 'Write a long random token to a file and name it: --token-file FILE. Without one the service listens on 127.0.0.1 only.',
    }),
    example: { address: '0.0.0.0' },
  },
  weakToken: {
    meaning: 'The token of the service is too short to keep anybody out.',
    text: ({ characters }: { readonly characters: number }) => ({
      message: `expected a token of at least 16 characters, found ${characters}`,
      hint: 'For example: openssl rand -hex 32 > token.',
    }),
    example: { characters: 4 },
  },
  addressNotFree: {
    meaning: 'The service cannot listen on its address and port.',
    text: ({
      address,
      port,
      problem,
    }: {
      readonly address: string;
      readonly port: number;
      readonly problem: string;
    }) => ({
      message: `cannot listen on ${address} port ${port}: ${problem}`,
      hint: 'Another program may use the port: choose another one with --port, or 0 for any that is free.',
    }),
    example: { address: '127.0.0.1', port: 8400, problem: 'EADDRINUSE' },
  },
  searchProcessEnded: {
    meaning: 'A process in which images are decoded and searched for faces ended before it had loaded its detector.',
    text: ({ mebibytes }: { readonly mebibytes: number }) => ({
      message: `a process that searches images ended as it loaded its detector, with ${mebibytes} mebibytes of memory`,
      hint: 'Allow it more memory: --process-mebibytes (1536 unless given). If it has that much, a library has crashed: flow align tells more.',
    }),
    example: { mebibytes: 16 },
  },
  indexUnusable: {
    meaning:
      'The folder beside a file of galleries, in which an approximate index is saved, cannot be made or written.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `expected a folder for the saved index of the galleries, or a place for one, found ${problem}`,
      hint: 'Move what is there away; the index is made again of the galleries. Or search exactly: --index exact.',
    }),
    example: { problem: 'something else in its place' },
  },
  galleriesInUse: {
    meaning: "Another service serves the file of galleries; two would not know of each other's faces.",
    text: ({ process }: { readonly process: number | undefined }) => ({
      message: `the galleries are served already, by ${process === undefined ? 'a process that is starting' : `process ${process}`}`,
      hint: 'End that service, or name another file: --galleries FILE. flow identify reads a file while it is served.',
    }),
    example: { process: 4711 },
  },
  galleriesUnusable: {
    meaning: 'The file of galleries, or what is kept beside it, cannot be read, made or written.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `expected a file of galleries, or a place for one, found: ${problem}`,
      hint: 'Name a file in a folder that is there and may be written: --galleries FILE.',
    }),
    example: { problem: 'there is no folder data' },
  },
});
