import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { pretrainedParameters } from '../../../../stages/train/pretrained.ts';
import { littleEndianBytes } from '../../../../src/kit/codec/little-endian-floats.ts';
import { safetensors } from '../../../../src/kit/codec/torch/safetensors.ts';
import { modelFormatOf } from '../../../../src/kit/net/exchange/choose-format.ts';
import { safetensorsFormat } from '../../../../src/kit/net/exchange/torch/safetensors-format.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { randomValues } from '../backends/small-networks.ts';

type Shapes = Readonly<Record<string, readonly number[]>>;

function norm(name: string, size: number, affine = true): Shapes {
  const own = affine ? { [`${name}.weight`]: [size], [`${name}.bias`]: [size] } : {};
  return {
    ...own,
    [`${name}.running_mean`]: [size],
    [`${name}.running_var`]: [size],
    [`${name}.num_batches_tracked`]: [1],
  };
}

/** An iresnet of one unit in each layer, of 2, 4, 8 and 16 channels, for images of 32 x 32. */
const iresnet: Shapes = {
  'conv1.weight': [2, 3, 3, 3],
  ...norm('bn1', 2),
  'prelu.weight': [2],
  ...[1, 2, 3, 4]
    .map((stage): Shapes => {
      const [before, width, unit] = [stage === 1 ? 2 : 2 ** (stage - 1), 2 ** stage, `layer${stage}.0`];
      return {
        ...norm(`${unit}.bn1`, before),
        [`${unit}.conv1.weight`]: [width, before, 3, 3],
        ...norm(`${unit}.bn2`, width),
        [`${unit}.prelu.weight`]: [width],
        [`${unit}.conv2.weight`]: [width, width, 3, 3],
        ...norm(`${unit}.bn3`, width),
        [`${unit}.downsample.0.weight`]: [width, before, 1, 1],
        ...norm(`${unit}.downsample.1`, width),
      };
    })
    .reduce((all, each) => ({ ...all, ...each })),
  ...norm('bn2', 16),
  'fc.weight': [6, 64],
  'fc.bias': [6],
  ...norm('features', 6),
};

function fileWith(shapes: Shapes, prefix = ''): string {
  const path = join(temporaryFolder(), 'x.safetensors');
  const tensors = Object.entries(shapes).map(([name, shape], index) => {
    const values = randomValues(
      shape.reduce((product, side) => product * side, 1),
      index + 1,
    ).map(Math.abs);
    return { name: prefix + name, type: 'F32' as const, shape, data: littleEndianBytes(values) };
  });
  writeFileSync(path, safetensors.encode({ metadata: {}, tensors }));
  return path;
}

function read(path: string): Model {
  return modelFormatOf(path).read(path, {});
}

function inputLayers({ shaped }: Model): readonly string[] {
  return shaped.graph.layers.filter(({ name }) => name.startsWith('input_')).map(({ name }) => name);
}

describe('tensors of PyTorch', () => {
  it('are a network of arcface_torch by their names and shapes, with the layers of ours', () => {
    const model = read(fileWith(iresnet));
    const { graph, shapes } = model.shaped;
    expect(graph.input).toEqual({ channels: 3, height: 32, width: 32 });
    expect(shapes.get(graph.outputs[0] ?? '')).toEqual([6]);
    expect(graph.layers.map(({ name }) => name)).toContain('stage3_unit1_conv2');
    expect(model.parameters.has('layer3.0.conv2.weight')).toBe(true);
    expect(inputLayers(model)).toEqual(['input_centred', 'input_scaled']);
    expect(model.notes).toEqual([
      'Its tensors are those of iresnet of arcface_torch, MagFace and CVLface; it is read as arcface_torch has it.',
    ]);
  });

  it('are those of the program whose prefix they have: MagFace takes BGR from 0 to 1, CVLface RGB from -1 to 1', () => {
    const magface = read(fileWith(iresnet, 'features.module.'));
    expect(inputLayers(magface)).toContain('input_bgr');
    expect(magface.origin).toMatchObject({ program: 'MagFace', normalization: { mean: 0, scale: 1 / 255 } });
    expect(read(fileWith(iresnet, 'net.')).origin).toMatchObject({ program: 'CVLface' });
  });

  it('beside the network are left out, and said', () => {
    const { notes } = read(fileWith({ ...iresnet, 'head.kernel': [6, 9] }));
    expect(notes?.at(-1)).toBe('Left out: 1 tensor of anything else (head).');
  });

  it('come back from a written file under their names, with their graph', () => {
    const model = read(fileWith(iresnet));
    const path = join(temporaryFolder(), 'again.safetensors');
    safetensorsFormat.write(path, model);
    const again = read(path);
    expect(again.shaped.graph).toEqual(model.shaped.graph);
    expect([...again.parameters]).toEqual([...model.parameters]);
  });

  it('begin a training of a network of ours, layer by layer', () => {
    const path = fileWith(iresnet);
    const { graph } = read(path).shaped;
    const layers = graph.layers.map((layer) => ({ ...layer, parameterNames: {} }));
    const { start, origin } = pretrainedParameters(path, inferShapes({ ...graph, layers }), {});
    expect(start.get('stage3_unit1_conv2_weight')?.values).toEqual(
      read(path).parameters.get('layer3.0.conv2.weight')?.values,
    );
    expect([origin.drawn, origin.leftOut]).toEqual([[], []]);
  });

  it('of no known network fail with what was found and what is known', async () => {
    const path = fileWith({ 'patch_embed.weight': [8, 3, 9, 9], cls_token: [1, 1, 8] });
    const [failure] = await failuresOf(() => read(path));
    expect(failure).toMatchObject({
      code: 'unknown-network',
      message:
        'expected the tensors of one of these networks (iresnet of arcface_torch, MagFace and CVLface; IR and IR-SE of AdaFace, CVLface, face.evoLVe and InsightFace_Pytorch; MobileFaceNet of arcface_torch), found 2 tensors: cls_token [1, 1, 8], patch_embed.weight [8, 3, 9, 9]',
    });
  });

  it('that do not fit each other name the tensor', async () => {
    const [failure] = await failuresOf(() => read(fileWith({ ...iresnet, 'layer2.0.conv2.weight': [4, 5, 3, 3] })));
    expect(failure).toMatchObject({
      code: 'parameters-mismatch',
      message:
        'parameter "layer2.0.conv2.weight" of layer "stage2_unit1_conv2" must have shape [4, 4, 3, 3], found [4, 5, 3, 3]',
    });
    const [size] = await failuresOf(() => read(fileWith({ ...iresnet, 'fc.weight': [6, 96] })));
    expect(size?.message).toBe('expected "fc.weight" to take 16 channels of a square map, found 96 inputs');
  });
});
