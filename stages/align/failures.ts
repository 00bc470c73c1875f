import { catalogue } from '../../src/core/failure.ts';
import { counted } from '../../src/core/human.ts';

export const failures = catalogue({
  noFace: {
    meaning: 'No face was found in an image.',
    text: ({ found }: { readonly found: number }) => ({
      message:
        found === 0
          ? 'no face was found in the image'
          : `${counted(found, 'face')} found in the image, but none is the known one`,
      hint: 'Look for smaller faces, lower the thresholds of the detector, or choose withoutFace: crop.',
    }),
    example: { found: 0 },
  },
  notACelebLine: {
    meaning: 'A line of a file of MS-Celeb-1M does not hold an image.',
    text: ({ fields }: { readonly fields: number }) => ({
      message: `expected the identity, the number of the image and the image in base64, found ${counted(fields, 'field')}`,
      hint: 'Bind one of the .tsv files of MS-Celeb-1M.',
    }),
    example: { fields: 1 },
  },
  nothingAligned: {
    meaning: 'No image is left to write: every one was left out.',
    text: ({ images, reasons }: { readonly images: number; readonly reasons: string }) => ({
      message: `none of ${counted(images, 'image')} could be aligned: ${reasons}`,
      hint: 'The log names them; with strict: true the first of them is the failure.',
    }),
    example: { images: 12, reasons: '10 no-face, 2 undecodable-image' },
  },
  nothingToAlign: {
    meaning: 'There is no image to align.',
    text: ({ layout }: { readonly layout: string }) => ({
      message: `expected images in the layout ${layout}, found none`,
      hint: 'Bind the folder that holds the folders of people, or an image, a list, an archive; see the README of the stage.',
    }),
    example: { layout: 'folders' },
  },
  pointsOutside: {
    meaning: 'The points of a face are all outside of its image.',
    text: ({ width, height }: { readonly width: number; readonly height: number }) => ({
      message: `the five points are all outside of the image of ${width} x ${height} pixels`,
      hint: 'The list may be of images of another size, or of others than those that are bound.',
    }),
    example: { width: 250, height: 250 },
  },
  severalInputs: {
    meaning: 'Inputs exclude each other, or parameters do.',
    text: ({ problem }: { readonly problem: string }) => ({ message: problem }),
    example: { problem: 'a list cannot be combined with layout: megaface' },
  },
  wrongFaceFile: {
    meaning: 'A file that describes the face of an image has other content.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected "bounding_box" {x, y, width, height} and "landmarks" as MegaFace has them, found ${found}`,
    }),
    example: { found: 'a list' },
  },
});
