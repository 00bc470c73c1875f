import type { RgbImage } from '../kit/image/rgb-image.ts';
import { loadDetector } from './detector.ts';
import { loadEmbedder } from './embedder.ts';
import type { ComputingOptions } from './network-engine.ts';

export interface FaceModelOptions extends ComputingOptions {
  /** A model of any format that is read (--model of the original); by default the network that comes with the product. */
  readonly model?: string | undefined;
  /** Folder with det1 to det4. Without it the weights that come with the product, whose points are not refined: they have no LNet. */
  readonly detectorWeights?: string | undefined;
  /** Networks of limited detection (--det): 2, the default, is RNet and ONet; less is ONet only. */
  readonly det?: number | undefined;
  /** Add the embedding of the mirror image (--flip). Default false, as in the original. */
  readonly flip?: boolean | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** From a rough crop around a face to its vector, as the deployment of 2018 did it (insightface, deploy/face_embedding.py). */
export interface FaceModel {
  /**
   * The vector of the face in a rough crop around it, of length 1; undefined where the last network sees none. Detection,
   * alignment and embedding in one call. Rejects with the reason of the signal.
   */
  getFeature(crop: RgbImage, options?: { readonly signal?: AbortSignal }): Promise<Float32Array | undefined>;
  dispose(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
}

/** Loads the three networks of limited detection and an embedding network. Rejects as `loadDetector` and `loadEmbedder`. */
export async function loadFaceModel(options: FaceModelOptions = {}): Promise<FaceModel> {
  const { model, detectorWeights: weights, det = 2, flip = false, engine, threads, signal } = options;
  const detector = await loadDetector({
    ...{ search: 'limited', weights, engine, threads, signal },
    options: { refinePoints: weights !== undefined, crops: det >= 2 ? 'rnet-onet' : 'onet' },
  });
  try {
    const embedder = await loadEmbedder({ model, mirrored: flip, engine, threads, signal });
    const dispose = async (): Promise<void> => {
      await Promise.all([detector.dispose(), embedder.dispose()]);
    };
    return {
      async getFeature(crop, stop = {}) {
        const [[face] = []] = await detector.detect([crop], stop);
        if (face === undefined) return undefined;
        const [vector] = await embedder.embed([embedder.align(crop, face)], stop);
        return vector;
      },
      dispose,
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await detector.dispose();
    throw error;
  }
}
