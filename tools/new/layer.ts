import type { Names, Part } from './part.ts';

/** A layer that returns its input. */
export function newLayer({ kebab, camel, words, key }: Names): Part {
  const table = { entry: '', place: 'sorted' } as const;
  return {
    files: {
      [`src/kit/net/graph/layers/${kebab}.ts`]: `
import { type LayerDefinition, sameShape } from './layer-definition.ts';

export const ${camel}: LayerDefinition<object> = {
  summary: 'Returns its input (${words}).',
  inputs: 1,
  attributes: {},
  outputShape: sameShape,
  outline: { words: () => '${words}' },
  example: { attributes: {} },
};
`,
      [`src/kit/net/backends/portable/${kebab}-kernels.ts`]: `
import type { TensorLibrary } from '../backend.ts';
import type { LayerKernels } from '../layer-kernels.ts';
import { required } from '../tensors.ts';

export function ${camel}Kernels(tf: TensorLibrary): LayerKernels<object> {
  return {
    saves: 'nothing',
    forward: ({ inputs }) => ({ output: tf.clone(required(inputs[0], 'input 0')) }),
    backward: ({ gradient }) => ({ inputs: [tf.clone(gradient)], parameters: {} }),
  };
}
`,
      [`test/kit/net/backends/portable/${kebab}-kernels.test.ts`]: `
import { expect, it } from 'vitest';
import { ${camel}Kernels } from '../../../../../src/kit/net/backends/portable/${kebab}-kernels.ts';
import { referenceEngine } from '../engines.ts';

it('${words} returns its input, and the gradient as it comes', async () => {
  const { tf } = await referenceEngine();
  const kernels = ${camel}Kernels(tf);
  const inputs = [tf.tensor2d([[1, -2, 3]])];
  const { output } = kernels.forward({ attributes: {}, inputs, parameters: {}, training: true });
  expect(Array.from(output.dataSync())).toEqual([1, -2, 3]);
  const { inputs: gradients } = kernels.backward({
    attributes: {},
    gradient: tf.tensor2d([[0.5, 1, 2]]),
    needsGradient: [true],
    inputs: [],
    inputShapes: [[1, 3]],
    output: undefined,
    parameters: {},
    saved: [],
  });
  expect(Array.from(gradients[0]?.dataSync() ?? [])).toEqual([0.5, 1, 2]);
});
`,
    },
    registrations: [
      {
        ...table,
        path: 'src/kit/net/graph/layers/index.ts',
        literal: 'layers',
        entry: key === camel ? camel : `${key}: ${camel}`,
        from: `import { ${camel} } from './${kebab}.ts';`,
      },
      {
        ...table,
        path: 'src/kit/net/backends/portable/layer-kernels.ts',
        literal: 'portableKernels',
        entry: `${key}: ${camel}Kernels(tf)`,
        from: `import { ${camel}Kernels } from './${kebab}-kernels.ts';`,
      },
      {
        ...table,
        path: 'src/kit/net/exchange/onnx/layer-writers.ts',
        literal: 'layerWriters',
        entry: `${key}: ({ node, writer }) => writer.node('Identity', { output: node.name, inputs: node.inputs })`,
      },
      {
        ...table,
        path: 'src/kit/net/exchange/mxnet/layer-writers.ts',
        literal: 'layerWriters',
        entry: `${key}: ({ node, writer, inputs }) => writer.operator('_copy', { name: node.name, inputs })`,
      },
      {
        ...table,
        path: 'src/kit/net/exchange/caffe/layer-writers.ts',
        literal: 'layerWriters',
        entry: `${key}: notIn('Caffe', 'is a ${words}')`,
      },
      {
        ...table,
        path: 'src/kit/net/exchange/tfjs/layer-writers.ts',
        literal: 'layerWriters',
        entry: `${key}: (call) => same('Identity', call)`,
      },
    ],
    left: [
      'what it computes: shape, attributes, parameters, and both kernels; the test of the kernels has its values, test/kit/net/backends/parity.test.ts compares the engines on its example',
      'how it is written: the entries in exchange/{onnx,mxnet,caffe,tfjs}/layer-writers.ts, or notIn(FORMAT, REASON); test/kit/net/exchange compares what comes back, and what onnxruntime and the converter of TensorFlow.js compute',
      'how it is read, where the formats have an operator for it: exchange/{onnx,mxnet,tfjs}/operators.ts, exchange/caffe/layer-readers.ts',
    ],
  };
}
