import { catalogue } from '../../core/failure.ts';
import type { ImageSize } from './rgb-image.ts';

/** What reading and decoding an image can end with. */
export const failures = catalogue({
  missingImage: {
    meaning: 'An image that is needed does not exist.',
    text: () => ({ message: 'expected an image, found no file' }),
    example: {},
  },
  undecodableImage: {
    meaning: 'An image is damaged, or of a format that is not read.',
    text: ({ what = 'the image', problem, offset }: UndecodableImage) => ({
      message: `${what} cannot be decoded: ${problem}${offset === undefined ? '' : ` (byte ${offset} of the image)`}`,
      hint: 'Replace or remove the image.',
    }),
    example: { what: 'image 17', problem: 'a JPEG marker is missing', offset: 20 },
  },
  unequalSizes: {
    meaning: 'Images of one set have different sizes.',
    text: ({ size, first }: { readonly size: ImageSize; readonly first: ImageSize & { readonly path: string } }) => ({
      message: `the image has ${size.width} x ${size.height} pixels, but ${first.path} has ${first.width} x ${first.height}; aligned images all have one size`,
      hint: 'Bring the images to one size, or have the stage cut all of them to its imageSize.',
    }),
    example: { size: { width: 96, height: 112 }, first: { width: 112, height: 112, path: 'faces/a/1.jpg' } },
  },
});

interface UndecodableImage {
  /** `image 17`; default: the image. */
  readonly what?: string | undefined;
  readonly problem: string;
  /** From the start of the image, if it is part of a larger file. */
  readonly offset?: number | undefined;
}
