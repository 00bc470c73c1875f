import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { convertModel } from '../../../../src/kit/net/conversion/convert-model.ts';
import { modelFormatNamed } from '../../../../src/kit/net/exchange/choose-format.ts';
import { normalizationPresets } from '../../../../src/kit/net/exchange/normalization-presets.ts';
import { onnxruntimeOnCpu } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { temporaryFolder } from '../../dataset/tiny-faces.ts';
import { referenceEngine } from '../backends/engines.ts';

const folder = fileURLToPath(new URL('../../../fixtures/foreign-models/', import.meta.url));

/** ReLU6 as MobileFaceNet has it; HardSwish; padding of TensorFlow; F.normalize of PyTorch. */
const files = ['relu6', 'hswish_ts17', 'samepad', 'l2norm'];

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
    },
  );
});
