import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';

/** Images of one size, row by row; bytes are values 0..255. */
export interface ImageBatch {
  readonly data: Uint8Array | Float32Array;
  readonly shape: readonly [batch: number, height: number, width: number, channels: number];
}

/** What a network takes: images [batch, height, width, channels]. */
export interface InputDeclaration {
  readonly name: string;
  /** `float32` takes bytes too, as the numbers they are. */
  readonly type: 'float32' | 'uint8';
  /** Undefined: any size. The batch is always any, whatever the file can take at a time. */
  readonly shape: readonly [undefined, height: number | undefined, width: number | undefined, channels: number];
}

/** What a network computes, as its file declares it; axes in the order of the file, for our own batch, channels, height, width. */
export interface OutputDeclaration {
  readonly name: string;
  /** Undefined: it depends on the input. */
  readonly shape: readonly (number | undefined)[];
}

/** An output of one run, row by row. */
export interface OutputValues {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/**
 * A network that is ready to run, on one of our backends or in onnxruntime: images in, named outputs out. What stands on
 * it (an {@link Embedder}, a detector of faces) does not know which.
 */
export interface InferenceSession {
  readonly input: InputDeclaration;
  /** In the order of the network. */
  readonly outputs: readonly OutputDeclaration[];
  /** Engine, version, device or execution provider, and threads, for people: what really computes. */
  readonly computesWith: string;
  /**
   * Runs the network on a batch of any length. Returns `outputs` by name, all of them unless some are named. A network
   * that takes fewer images at a time is run several times: then the first axis of each output counts images, or rows of
   * the same number per image. Fails with `image-batch-mismatch`, `network-output-mismatch`.
   */
  run(images: ImageBatch, outputs?: readonly string[]): Promise<ReadonlyMap<string, OutputValues>>;
  /** Frees the network. */
  dispose(): Promise<void>;
}

/** Turns images of one size into embeddings. */
export interface Embedder {
  readonly height: number;
  readonly width: number;
  /** Floats per embedding. */
  readonly embeddingSize: number;
  /** As {@link InferenceSession.computesWith}. */
  readonly computesWith: string;
  /**
   * Embeds `count` RGB images, bytes 0..255, [count, height, width, 3]. Resolves to [count, embeddingSize], not
   * normalised. `count` may vary from call to call.
   */
  embed(pixels: Uint8Array, count: number): Promise<Float32Array>;
  dispose(): Promise<void>;
}

/** Fails with `image-batch-mismatch` unless a network can take the images. */
export function checkImages({ name, type, shape }: InputDeclaration, images: ImageBatch, file?: string): void {
  const [batch, ...size] = images.shape;
  const expectedSize = shape.slice(1);
  if (images.data.length !== size.reduce((product, length) => product * length, batch)) {
    throw new Error(`${images.data.length} values are not images of shape [${images.shape.join(', ')}]`);
  }
  const fits = expectedSize.every((expected, axis) => expected === undefined || expected === size[axis]);
  const fitsType = type === 'float32' || images.data instanceof Uint8Array;
  if (fits && fitsType && batch > 0) return;
  const shown = expectedSize.map((length) => length ?? 'any').join(' x ');
  const found = images.data instanceof Uint8Array ? 'uint8' : 'float32';
  fail(
    failures.imageBatchMismatch(
      {
        input: name,
        expected: `images of ${shown} (${type})`,
        found: `${batch} of ${size.join(' x ')} (${found})`,
      },
      file === undefined ? undefined : { file },
    ),
  );
}
