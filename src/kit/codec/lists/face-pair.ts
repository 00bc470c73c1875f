/** How lists of pairs name an image. */
export interface FaceImage {
  readonly name: string;
  /** Number of the image, from 1: file `<name>_0001`; or, where files have no numbers, the name of the file. */
  readonly number: number | string;
  /** Where it is in the folder of images, of lists that tell it. */
  readonly path?: string;
}

/** Two images that are compared. */
export interface FacePair {
  readonly left: FaceImage;
  readonly right: FaceImage;
  readonly same: boolean;
  /** Counted from 1. */
  readonly fold: number;
  /** Line in the file, from 1. */
  readonly line: number;
}
