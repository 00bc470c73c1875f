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
});
