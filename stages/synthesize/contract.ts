// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** Identities to draw in all. */
  readonly identities: number;
  /** Images of each identity. */
  readonly imagesPerIdentity: number;
  /** Identities (the last ones) that the pair protocol is made of; people to train on are never among them. */
  readonly heldOut: number;
  /** Pairs in the protocol, half of them of the same identity. */
  readonly pairs: number;
  /** Strength of pose, light, expression, scale, blur and noise; 0 draws every image of an identity alike. */
  readonly difficulty: number;
}

/** Absolute paths of what the stage reads. */
export type Inputs = Readonly<Record<string, never>>;

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** One folder per identity, JPEG 112x112 RGB. */
  readonly images: string;
  /** Packing list of the identities that are not held out. */
  readonly list: string;
  /** Pairs over the held-out identities, in the form of LFW pairs.txt. */
  readonly protocol: string;
}
