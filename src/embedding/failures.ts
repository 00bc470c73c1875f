import { catalogue } from '../core/failure.ts';
import type { ImageSize } from '../kit/image/rgb-image.ts';

/** What embedding photographs can end with. */
export const failures = catalogue({
  tooManyPixels: {
    meaning: 'An image claims more pixels than are taken; nothing of it was decoded.',
    text: ({ size, limit }: { readonly size: ImageSize; readonly limit: number }) => ({
      message: `the image claims ${size.width} x ${size.height} pixels, more than the ${limit} that are taken`,
      hint: 'Make the image smaller, or raise the limit of pixels.',
    }),
    example: { size: { width: 16000, height: 16000 }, limit: 40_000_000 },
  },
  noFace: {
    meaning: 'A face is needed, and the detector finds none in the image.',
    text: ({ size }: { readonly size: ImageSize }) => ({
      message: `no face was found in the image (${size.width} x ${size.height} pixels)`,
      hint: 'Take an image in which the face is seen from the front and is at least 20 pixels wide; a crop that a face fills is for --detector limited.',
    }),
    example: { size: { width: 640, height: 480 } },
  },
  severalFaces: {
    meaning: 'One face is needed, and the image shows several.',
    text: ({ count }: { readonly count: number }) => ({
      message: `${count} faces were found in the image, and one is needed`,
      hint: 'Cut the image, or have the most central face taken: --face central.',
    }),
    example: { count: 3 },
  },
  notAligned: {
    meaning: 'Nothing looks for faces, and an image is not of the size of an aligned one.',
    text: ({ size, found }: { readonly size: ImageSize; readonly found: ImageSize }) => ({
      message: `expected an aligned face of ${size.width} x ${size.height} pixels, found ${found.width} x ${found.height}`,
      hint: 'Have a detector find the face and cut it out: --detector full, or limited for a crop that a face fills.',
    }),
    example: { size: { width: 112, height: 112 }, found: { width: 1280, height: 886 } },
  },
  noPoints: {
    meaning: 'The detector finds boxes only, and a face is aligned by five points.',
    text: () => ({
      message: 'the face has no points to align it by',
      hint: 'Take a detector that finds points: mtcnn, centerface, scrfd, retinaface, yunet.',
    }),
    example: {},
  },
  otherVectors: {
    meaning: 'Vectors of different models or preprocessing are mixed.',
    code: 'other-embedding-contract',
    text: ({ own, found, other }: { readonly own: string; readonly found: string; readonly other: string }) => ({
      message: `the vectors were made under contract ${found.slice(0, 12)}, those of ${other} under ${own.slice(0, 12)}: another model, or other preprocessing`,
      hint: 'Vectors of different contracts cannot be compared: embed the images again with one model, detector and options.',
    }),
    example: { own: '3f2a91c07e55aa', found: '90ab12c07e55aa', other: 'gallery.json' },
  },
  notAVerifyRecord: {
    meaning:
      'A threshold is taken from the record of a verification, and a file does not hold one, or lacks what was requested.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `expected the record of a verification (verification.json, version 2, with intervals), found ${problem}`,
      hint: 'The stage verify writes it: flow show RUN names the file. Its draws must not be 0.',
    }),
    example: { problem: 'no JSON' },
  },
  recordOfOther: {
    meaning:
      'The record of a verification is of vectors of another length, of another network, or made in another way, than those that are compared.',
    text: ({
      record,
      found,
      remedy = 'Measure the model with the stage verify, and name its verification.json: --record FILE.',
    }: {
      readonly record: string;
      readonly found: string;
      readonly remedy?: string;
    }) => ({
      message: `the threshold would be that of ${record}, but the faces are embedded by ${found}`,
      hint: remedy,
    }),
    example: { record: 'dlib on lfw, 128 numbers', found: 'model.onnx, 512 numbers' },
  },
  notVectors: {
    meaning: 'A gallery is neither a folder of images nor a file of vectors.',
    text: ({ found }: { readonly found: string }) => ({
      message: `expected a gallery: a folder of images, or a file that flow embed --json, --npy or flow serve --galleries has written, found ${found}`,
      hint: 'flow embed --json PHOTOGRAPH... > gallery.json writes one.',
    }),
    example: { found: 'a text file' },
  },
});
