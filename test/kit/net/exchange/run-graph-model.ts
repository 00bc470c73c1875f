import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type * as converter from '@tensorflow/tfjs-converter';
import type { io, Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../../../../src/kit/net/backends/backend.ts';

// CommonJS, so that it computes with the tfjs-core of our backends.
const { loadGraphModel } = createRequire(import.meta.url)('@tensorflow/tfjs-converter') as typeof converter;

export interface RunOptions {
  readonly tf: TensorLibrary;
  /** NHWC. */
  readonly images: Float32Array;
  readonly size: { readonly channels: number; readonly height: number; readonly width: number };
}

export interface GraphModelRun {
  /** As they are kept, NHWC or rows; in the order of the model's own list. */
  readonly outputs: readonly Float32Array[];
  readonly outputNames: readonly string[];
  readonly metadata: unknown;
}

/** What @tensorflow/tfjs-converter makes of a model.json, on the backend that `tf` has. */
export async function runGraphModel(
  file: string,
  { tf, images, size: { channels, height, width } }: RunOptions,
): Promise<GraphModelRun> {
  const model = await loadGraphModel(fromFiles(tf, file));
  const input = tf.tensor(images, [images.length / channels / height / width, height, width, channels]);
  const results = model.execute(input, [...model.outputs.map(({ name }) => name)]);
  const all: readonly Tensor[] = Array.isArray(results) ? results : [results];
  const outputs = all.map((result) => Float32Array.from(result.dataSync()));
  tf.dispose([input, ...all]);
  const { metadata, outputNodes: outputNames } = model;
  model.dispose();
  return { outputs, outputNames, metadata };
}

/** As a browser gets them: the description, and the shards that it names. */
export function fromFiles(tf: TensorLibrary, file: string): io.IOHandler {
  return {
    load() {
      const json = JSON.parse(readFileSync(file, 'utf8')) as io.ModelJSON;
      return tf.io.getModelArtifactsForJSON(json, (manifest) => {
        const shards = manifest.flatMap(({ paths }) => paths.map((path) => readFileSync(join(dirname(file), path))));
        const specs = manifest.flatMap(({ weights }) => weights);
        return Promise.resolve([specs, Uint8Array.from(Buffer.concat(shards)).buffer]);
      });
    },
  };
}
