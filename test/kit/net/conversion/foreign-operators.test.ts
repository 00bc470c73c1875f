import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { littleEndianFloats } from '../../../../src/kit/codec/little-endian-floats.ts';
import { convertModel } from '../../../../src/kit/net/conversion/convert-model.ts';
import { modelFormatNamed } from '../../../../src/kit/net/exchange/choose-format.ts';
import { normalizationPresets } from '../../../../src/kit/net/exchange/normalization-presets.ts';
import { readModelAs } from '../../../../src/kit/net/exchange/read-model-as.ts';
import { outputValues } from '../../../../src/kit/net/sessions/output-values.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { printedFailure, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';

const folder = fileURLToPath(new URL('../../../fixtures/foreign-models/', import.meta.url));

/**
 * ReLU6 as MobileFaceNet has it; HardSwish; padding of TensorFlow; F.normalize of PyTorch; dilation, Elu of other slopes and
 * Gemm with alpha and beta; transposed convolutions in groups, of one filter a channel, with dilation; the maximum of halves as
 * LightCNN has it, sums, differences and minima of several values.
 */
const files = ['relu6', 'hswish_ts17', 'samepad', 'l2norm', 'dilated', 'deconvolved', 'largest'];

describe.each(files)('%s.onnx', (name) => {
  it.each(['folder', 'mxnet', 'caffe', 'onnx', 'npz', 'safetensors'])(
    'goes to %s, with the values that onnxruntime computes of the file',
    async (to) => {
      const format = modelFormatNamed(to);
      const normalization = normalizationPresets['arcface-onnx'];
      const path = join(folder, `${name}.onnx`);
      const converted = await convertModel(
        {
          from: { format: modelFormatNamed('onnx'), path, options: { normalization } },
          to: { format, path: join(temporaryFolder(), format.standardName), options: {} },
          ...{ slim: false, limit: 1e-5, seed: 1 },
        },
        { layers: referenceEngine, onnxruntime: onnxruntimeOnCpu(1) },
      );
      expect(converted.outputs).toHaveLength(1);
      const { source } = converted;
      if (source?.ran === true) expect(source.outputs[0]?.relativeDifference).toBeLessThan(1e-5);
      expect(converted.outputs[0]?.relativeDifference).toBeLessThan(1e-5);
    },
  );
});

describe('a transposed convolution with cells beyond its windows', () => {
  const convert = (to: string) => {
    const format = modelFormatNamed(to);
    const conversion = {
      from: {
        format: modelFormatNamed('onnx'),
        path: join(folder, 'deconvolved-further.onnx'),
        options: { normalization: normalizationPresets['arcface-onnx'] },
      },
      to: { format, path: join(temporaryFolder(), format.standardName), options: {} },
      ...{ slim: false, limit: 1e-5, seed: 1 },
    };
    return convertModel(conversion, { layers: referenceEngine, onnxruntime: onnxruntimeOnCpu(1) });
  };

  it.each(['mxnet', 'onnx'])('goes to %s', async (to) => {
    const { outputs, source } = await convert(to);
    expect(outputs[0]?.relativeDifference).toBeLessThan(1e-5);
    if (source?.ran === true) expect(source.outputs[0]?.relativeDifference).toBeLessThan(1e-5);
  });

  it('is what Caffe has no layer for', async () => {
    const printed = await printedFailure(() => convert('caffe'));
    expect(printed.replace(/^\S+: /, '')).toMatchInlineSnapshot(
      `"not-expressible: layer "convtranspose_2" (deconvolution) makes images larger by 2 x 1 further cells, which Caffe has no layer for"`,
    );
  });
});

describe('operators of MXNet that are several layers: Pad, UpSampling, Deconvolution, elu, maxima, differences', () => {
  const path = join(folder, 'combined-symbol.json');

  it('give what MXNet 1.9.1 gives', async () => {
    const model = readModelAs({ format: modelFormatNamed('mxnet'), path, options: {} });
    const pixels = Float32Array.from({ length: 2 * 3 * 112 * 112 }, (_, index) => ((index * 7919) % 257) % 256);
    const [found] = await outputValues(await referenceEngine(), model, pixels);
    const wanted = littleEndianFloats(readFileSync(join(folder, 'combined.embeddings')));
    expect(relativeDifference(found ?? new Float32Array(), wanted)).toBeLessThan(1e-5);
  });

  it.each(['mxnet', 'caffe', 'onnx'])('go to %s', async (to) => {
    const format = modelFormatNamed(to);
    const { outputs } = await convertModel(
      {
        from: { format: modelFormatNamed('mxnet'), path, options: {} },
        to: { format, path: join(temporaryFolder(), format.standardName), options: {} },
        ...{ slim: false, limit: 1e-5, seed: 1 },
      },
      { layers: referenceEngine, onnxruntime: onnxruntimeOnCpu(1) },
    );
    expect(outputs[0]?.relativeDifference).toBeLessThan(1e-5);
  });
});
