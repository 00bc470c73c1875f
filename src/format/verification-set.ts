/** A verification set (`.bin`): pair i compares images 2i and 2i + 1. */
export interface VerificationSet {
  /** Encoded pictures (JPEG or PNG bytes), two per pair. */
  readonly images: readonly Uint8Array[];
  /** One per pair: the same person. */
  readonly same: readonly boolean[];
}

/** Reads a `.bin` file: a Python pickle, parsed as data; no class or function in it is ever called. */
export function readVerificationSet(path: string): VerificationSet {
  throw new Error(`readVerificationSet is not there yet (${path})`);
}
