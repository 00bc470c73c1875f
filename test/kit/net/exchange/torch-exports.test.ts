import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { littleEndianFloats } from '../../../../src/kit/codec/little-endian-floats.ts';
import { loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import { installedOnnxruntime } from '../../../../src/kit/net/engines/choose-engine.ts';
import { outputValues } from '../../../../src/kit/net/sessions/output-values.ts';
import type { InputNormalization } from '../../../../src/kit/net/exchange/model-format.ts';
import { onnxFormat } from '../../../../src/kit/net/exchange/onnx/onnx-format.ts';
import { readModelAs } from '../../../../src/kit/net/exchange/read-model-as.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';

/** What PyTorch 2.15 exported, by both of its exporters, and what PyTorch gives: bench/peers/torch_exports.py. */
const folder = fileURLToPath(new URL('../../../fixtures/torch-exports', import.meta.url));
const [side, count] = [32, 2];
const pixels = floatsOf('images.pixels');

interface Export {
  readonly normalization?: InputNormalization;
  /** Files by exporter and batch. */
  readonly files: readonly string[];
}

const exports: Readonly<Record<string, Export>> = {
  iresnet: {
    normalization: { mean: 127.5, scale: 1 / 127.5, colorOrder: 'rgb' },
    files: ['legacy.fixed', 'dynamo.dynamic'],
  },
  'mobilefacenet-bgr': {
    normalization: { mean: 127.5, scale: 1 / 128, colorOrder: 'bgr' },
    files: ['legacy.dynamic', 'dynamo.fixed'],
  },
  nhwc: { files: ['legacy.fixed', 'dynamo.dynamic'] },
};
const cases = Object.entries(exports).flatMap(([name, { files, normalization }]) =>
  files.map((file) => [`${name}.${file}`, name, normalization] as const),
);

const onnxruntime = installedOnnxruntime();
const missing = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;

describe('an ONNX file that PyTorch exported', () => {
  it.each(cases)('%s, read as layers, gives the embeddings of PyTorch', async (file, name, normalization) => {
    const options = normalization === undefined ? {} : { normalization };
    const model = readModelAs({ format: onnxFormat, path: join(folder, `${file}.onnx`), options });
    expect(model.notes).toBeUndefined();
    const [found] = await outputValues(await referenceEngine(), model, pixels);
    expect(relativeDifference(found ?? new Float32Array(), floatsOf(`${name}.embeddings`))).toBeLessThan(1e-5);
  });

  it
    .skipIf(missing !== '')
    .each([
      ...cases,
      ['normalized.legacy.dynamic', 'normalized', undefined] as const,
      ['normalized.dynamo.dynamic', 'normalized', undefined] as const,
    ])(
    `%s, run as it is by onnxruntime, gives the embeddings of PyTorch${missing}`,
    async (file, name, normalization) => {
      if (!onnxruntime.installed) return;
      const model = join(folder, `${file}.onnx`);
      const embedder = await loadEmbedder({ model, engine: onnxruntime.identity, threads: 1, normalization });
      const found = await embedder.embed(interleaved(pixels), count);
      await embedder.dispose();
      expect(relativeDifference(found, floatsOf(`${name}.embeddings`))).toBeLessThan(1e-5);
    },
  );

  it('that ends in rows of unit length is read as such, or up to there', async () => {
    const path = join(folder, 'normalized.legacy.dynamic.onnx');
    const wanted = floatsOf('normalized.embeddings');
    const [whole = new Float32Array()] = await outputValues(await referenceEngine(), onnxFormat.read(path, {}), pixels);
    expect(relativeDifference(whole, wanted)).toBeLessThan(1e-5);
    const outputs = ['/inner/bn/BatchNormalization'];
    const [rows = new Float32Array()] = await outputValues(
      await referenceEngine(),
      onnxFormat.read(path, { outputs }),
      pixels,
    );
    expect(relativeDifference(unitRows(rows), wanted)).toBeLessThan(1e-5);
  });
});

function floatsOf(name: string): Float32Array {
  return littleEndianFloats(Uint8Array.from(readFileSync(join(folder, name))));
}

/** Planes as decoders give images: [image, row, column, channel], bytes. */
function interleaved(planes: Float32Array): Uint8Array {
  const area = side * side;
  return Uint8Array.from({ length: planes.length }, (_, index) => {
    const [image, place, channel] = [Math.floor(index / (3 * area)), Math.floor(index / 3) % area, index % 3];
    return planes[image * 3 * area + channel * area + place] ?? NaN;
  });
}

function unitRows(values: Float32Array): Float32Array {
  const size = values.length / count;
  return values.map((value, index) => {
    const start = index - (index % size);
    return value / Math.hypot(...values.subarray(start, start + size));
  });
}
