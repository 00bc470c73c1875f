/*
 * What `import ... from 'faceflow'` offers: from a photograph to vectors of its faces, for programs. docs/embedding.md shows how.
 * Ten exports and no more: nothing here prints, reads the environment or keeps the process alive after dispose.
 */
export { loadDetector, type Detector, type Face } from './detector.ts';
export { loadEmbedder, similarity, type Embedder } from './embedder.ts';
export { loadFaceModel } from './face-model.ts';
export { decodeImage } from './decode-image.ts';
export { FailureError } from '../core/failure.ts';
export type { RgbImage } from '../kit/image/rgb-image.ts';
