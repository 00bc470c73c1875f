/** What a list of a published set says of the face in an image. */
export interface ListedFace {
  /** In the folder of images. */
  readonly path: string;
  /** Left, top, right, bottom. */
  readonly box?: readonly number[];
  /** Five x, then five y, as packing lists have them. */
  readonly points?: readonly number[];
  /** Who it is, where the folder of the path does not tell it. */
  readonly identity?: string;
  /** Line in the file, from 1. */
  readonly line: number;
}
