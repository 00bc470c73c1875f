import { catalogue } from '../../core/failure.ts';

interface NoReadablePair {
  readonly name: string;
  readonly pairs: number;
  readonly image: number;
  readonly problem: string;
}

/** What can go wrong when faces are embedded and verified. */
export const failures = catalogue({
  notAVerificationSet: {
    meaning: 'A file is not a verification set.',
    text: ({ found }: { found: string }) => ({
      message: `expected a verification set (.bin), found ${found}`,
      hint: 'face2rec and pairs2bin write verification sets; flow inspect shows what a file holds.',
    }),
    example: { found: 'a text file' },
  },
  equalPoints: {
    meaning: 'The points to align a face by are all at one place, or are not numbers.',
    text: () => ({
      message: 'the points of the face are all at one place, or are not numbers: nothing can be aligned by them',
      hint: 'A detector that found nothing writes such points, often zeros: leave the image out of the list.',
    }),
    example: {},
  },
  graphNotAFile: {
    meaning: 'In the folder of a saved approximate index something else has the name of one of its files.',
    text: () => ({
      message: 'expected a file of a saved index, or nothing yet, found a folder or a device',
      hint: 'Move it away: the index is made again.',
    }),
    example: {},
  },
  noPairs: {
    meaning: 'A verification set has no pairs.',
    text: ({ name }: { name: string }) => ({
      message: `the verification set ${name} holds no pairs; at least one per fold is needed`,
      hint: 'Pack it with a protocol: face2rec and pairs2bin take one.',
    }),
    example: { name: 'lfw' },
  },
  tooFewPairs: {
    meaning: 'A verification set has fewer pairs than folds.',
    text: ({ name, pairs, folds }: { name: string; pairs: number; folds: number }) => ({
      message: `the verification set ${name} holds ${pairs} pairs, fewer than the ${folds} folds asked for`,
      hint: 'Ask for fewer folds, or pack more pairs.',
    }),
    example: { name: 'lfw', pairs: 2, folds: 10 },
  },
  noReadablePair: {
    meaning:
      'No pair of a verification set has two images that can be read, though those that cannot were to be left out.',
    text: ({ name, pairs, image, problem }: NoReadablePair) => ({
      message: `none of the ${pairs} pairs of ${name} has two images that can be read; of image ${image}: ${problem}`,
      hint: 'Pack the set again, or copy it again: flow inspect shows what it holds.',
    }),
    example: { name: 'lfw', pairs: 6000, image: 0, problem: 'it is not an image in a known format' },
  },
  imageSizeMismatch: {
    meaning: 'An image does not have the size that the network takes.',
    text: ({ expected, what, found }: { expected: string; what: string; found: string }) => ({
      message: `the network takes images of ${expected} pixels, ${what} has ${found}`,
      hint: 'Pack the set from images aligned to the size the network was trained on: the stage align cuts faces out of photographs.',
    }),
    example: { expected: '112 x 112', what: 'image 0 of verification set lfw', found: '96 x 112' },
  },
  embeddingNotFinite: {
    meaning: 'A network computes infinite values, or none.',
    text: ({ what }: { what: string }) => ({
      message: `the network computes an embedding of ${what} that is not made of finite numbers`,
      hint: 'If it was trained here, the training has diverged: lower the learning rate, or warm it up.',
    }),
    example: { what: 'image 0 of verification set lfw' },
  },
  embeddingIsZero: {
    meaning: 'A network computes an embedding of length 0, which is in no direction and cannot be compared.',
    text: ({ what }: { what: string }) => ({
      message: `the embedding of ${what} is zero in every number: it has no direction that could be compared`,
      hint: 'Choose another model: this one does not embed such images.',
    }),
    example: { what: 'image 12 of the packed set' },
  },
  noDetectorWeights: {
    meaning: 'A detector does not come with weights, and none were given.',
    text: ({ detector, fetched = false }: { readonly detector: string; readonly fetched?: boolean }) => ({
      message: `the detector ${detector} needs its weights, an ONNX file, and none were given`,
      hint: fetched
        ? `flow fetch-model ${detector} fetches them.`
        : 'mtcnn is the detector whose weights come with faceflow.',
    }),
    example: { detector: 'centerface', fetched: true },
  },
  detectorNeedsOnnxruntime: {
    meaning: 'A detector that is an ONNX file is to compute on another engine than onnxruntime.',
    text: ({ detector, engine }: { readonly detector: string; readonly engine: string }) => ({
      message: `the detector ${detector} is an ONNX file, which the engine onnxruntime runs, not ${engine}`,
      hint: 'Choose engine: onnxruntime, or the detector mtcnn, which every engine computes.',
    }),
    example: { detector: 'scrfd', engine: 'wasm' },
  },
  notADetector: {
    meaning: 'An ONNX file is not the detector that it is given as.',
    text: ({ problem }: { readonly problem: string }) => ({
      message: `the file is no detector of faces: ${problem}`,
    }),
    code: 'not-this-detector',
    example: { problem: 'expected images of 4 axes as its input, found [1, 512]' },
  },
  notThisDetector: {
    meaning: 'An ONNX file is not the detector that it is given as.',
    text: ({
      detector,
      expected,
      found,
    }: {
      readonly detector: string;
      readonly expected: string;
      readonly found: string;
    }) => ({
      message: `the file is not ${detector}: expected ${expected}, found ${found}`,
      hint: 'The name of the detector tells what the outputs of its file mean; flow inspect shows what a file has.',
    }),
    example: { detector: 'scrfd', expected: '6, 9, 10 or 15 outputs', found: '4' },
  },
  vectorsCutOff: {
    meaning: 'A file of vectors ends before its last row.',
    text: ({ expected, found }: { readonly expected: number; readonly found: number }) => ({
      message: `the file ends after ${found} bytes, its rows need ${expected}`,
      hint: 'It was not written to its end, or changed while it was read: write it again.',
    }),
    example: { expected: 204816, found: 102400 },
  },
  engineImprecise: {
    meaning: 'A tensor library computes products with less precision than float32.',
    text: ({
      engine,
      error,
      allowed,
    }: {
      readonly engine: string;
      readonly error: number;
      readonly allowed: number;
    }) => ({
      message: `the engine ${engine} computes scores that are off by ${error.toExponential(1)}, float32 allows ${allowed.toExponential(1)}`,
      hint: 'Another engine computes them in float32: choose engine: onnxruntime, tensorflow or wasm.',
    }),
    example: { engine: 'webgpu 4.22.0-dawn-0.6.2', error: 0.0013, allowed: 0.0014 },
  },
  featureNotUnit: {
    meaning: 'A feature that is to be compared does not have length 1.',
    text: ({ name, length }: { readonly name: string; readonly length: number }) => ({
      message: `the feature of ${name} has length ${length.toPrecision(6)}, expected 1`,
      hint: 'Distances mean something between features of length 1 only: divide each by its norm, as the stages that embed images do.',
    }),
    example: { name: 'Anna/Anna_2.png', length: 3.2 },
  },
  indexLibraryMissing: {
    meaning: 'The library of the approximate index is not installed in the version that is needed, or does not load.',
    text: ({ version, problem }: { readonly version: string; readonly problem: string }) => ({
      message: `the approximate index needs usearch ${version}: ${problem}`,
      hint: `In the folder of faceflow: npm install --no-save --ignore-scripts usearch@${version}. It has binaries for Linux (glibc) and macOS; the exact index, which is the usual one, needs nothing.`,
    }),
    example: { version: '2.25.3', problem: "Cannot find module 'usearch'" },
  },
});
