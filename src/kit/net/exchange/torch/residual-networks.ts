import type { TensorGraph } from './tensor-graph.ts';

/*
 * Two spellings of LResNet-IR (Deng et al. 2018, section 3.2.2), whose layers get the names of the networks of the family
 * "ResNet" here, so that a training can begin with them: r18 to r100.
 */

/**
 * IResNet of arcface_torch (insightface, recognition/arcface_torch/backbones/iresnet.py): conv1, bn1, prelu, layer1 to
 * layer4, bn2, fc, features. The first unit of each layer halves the image and projects its input. Returns the last layer.
 */
export function iresnet(graph: TensorGraph): string {
  let layer = graph.convolve('conv0', graph.data, { module: 'conv1' });
  layer = graph.prelu('relu0', graph.normalize('bn0', layer, 'bn1'), 'prelu');
  for (let stage = 1; graph.has(`layer${stage}.0.conv1.weight`); stage += 1) {
    for (let index = 0; graph.has(`layer${stage}.${index}.conv1.weight`); index += 1) {
      const module = `layer${stage}.${index}`;
      layer = iresnetUnit(graph, layer, { module, name: `stage${stage}_unit${index + 1}` });
    }
  }
  const normal = graph.dropout(graph.normalize('bn1', layer, 'bn2'), 0.4);
  return graph.normalize('fc1', graph.dense('pre_fc1', normal, 'fc'), 'features');
}

interface Unit {
  /** What the names of its tensors begin with. */
  readonly module: string;
  /** What the names of its layers begin with. */
  readonly name: string;
}

function iresnetUnit(graph: TensorGraph, input: string, { module, name }: Unit): string {
  const projects = graph.has(`${module}.downsample.0.weight`);
  const stride = projects ? 2 : 1;
  let layer = graph.normalize(`${name}_bn1`, input, `${module}.bn1`);
  layer = graph.convolve(`${name}_conv1`, layer, { module: `${module}.conv1` });
  layer = graph.prelu(`${name}_relu1`, graph.normalize(`${name}_bn2`, layer, `${module}.bn2`), `${module}.prelu`);
  layer = graph.convolve(`${name}_conv2`, layer, { module: `${module}.conv2`, stride });
  layer = graph.normalize(`${name}_bn3`, layer, `${module}.bn3`);
  const shortcut = projects ? projected(graph, input, { name, stride, module: `${module}.downsample` }) : input;
  return graph.add(graph.numbered('_plus'), layer, shortcut);
}

function projected(graph: TensorGraph, input: string, { name, module, stride }: Unit & { stride: number }): string {
  const convolved = graph.convolve(`${name}_conv1sc`, input, { module: `${module}.0`, stride });
  return graph.normalize(`${name}_sc`, convolved, `${module}.1`);
}

/**
 * IR of AdaFace (net.py) and CVLface (models/iresnet/model.py), and of face.evoLVe and InsightFace_Pytorch before them:
 * input_layer, body, output_layer. The first unit of each stage halves the image; where it has as many channels as before,
 * the shortcut takes every second position. Returns the last layer.
 */
export function irNetwork(graph: TensorGraph): string {
  let layer = graph.convolve('conv0', graph.data, { module: 'input_layer.0' });
  layer = graph.prelu('relu0', graph.normalize('bn0', layer, 'input_layer.1'), 'input_layer.2');
  let stage = 0;
  let index = 0;
  for (let unit = 0; graph.has(`body.${unit}.res_layer.0.weight`); unit += 1) {
    const module = `body.${unit}`;
    const isFirst = unit === 0 || graph.has(`${module}.shortcut_layer.0.weight`);
    stage += isFirst ? 1 : 0;
    index = isFirst ? 1 : index + 1;
    layer = irUnit(graph, layer, { module, name: `stage${stage}_unit${index}`, stride: isFirst ? 2 : 1 });
  }
  const normal = graph.dropout(graph.normalize('bn1', layer, 'output_layer.0'), 0.4);
  return graph.normalize('fc1', graph.dense('pre_fc1', normal, 'output_layer.3'), 'output_layer.4');
}

function irUnit(graph: TensorGraph, input: string, { module, name, stride }: Unit & { stride: number }): string {
  const shortcut = irShortcut(graph, input, { module, name, stride });
  const residual = irResidual(graph, input, { module, name, stride });
  return graph.add(graph.numbered('_plus'), residual, shortcut);
}

function irShortcut(graph: TensorGraph, input: string, { module, name, stride }: Unit & { stride: number }): string {
  if (graph.has(`${module}.shortcut_layer.0.weight`)) {
    return projected(graph, input, { name, stride, module: `${module}.shortcut_layer` });
  }
  return stride === 1 ? input : graph.every(stride, `${name}_pool`, input);
}

/** The modules of a unit in their order; what each is, its tensors tell. Its last convolution strides. */
function irResidual(graph: TensorGraph, input: string, { module, name, stride }: Unit & { stride: number }): string {
  const parts: string[] = [];
  for (let part = 0; graph.has(`${module}.res_layer.${part}.weight`); part += 1) {
    parts.push(`${module}.res_layer.${part}`);
  }
  const lastConvolution = parts.findLast((part) => graph.shape(`${part}.weight`).length === 4);
  const counts = { bn: 0, conv: 0, relu: 0 };
  const next = (kind: keyof typeof counts): string => `${name}_${kind}${(counts[kind] += 1)}`;
  let layer = input;
  for (const part of parts) {
    if (graph.has(`${part}.running_mean`)) layer = graph.normalize(next('bn'), layer, part);
    else if (graph.shape(`${part}.weight`).length === 1) layer = graph.prelu(next('relu'), layer, part);
    else layer = graph.convolve(next('conv'), layer, { module: part, stride: part === lastConvolution ? stride : 1 });
  }
  const squeezed = [`${module}.res_layer.${parts.length}`, `${module}.res_layer.se_block`];
  const excitation = squeezed.find((part) => graph.has(`${part}.fc1.weight`));
  return excitation === undefined ? layer : excited(graph, layer, { name, module: excitation });
}

/** Squeeze and excitation (Hu et al. 2017) of these networks: without biases, ReLU between. */
function excited(graph: TensorGraph, input: string, { name, module }: Unit): string {
  let weights = graph.averageOverImage(`${name}_se_pool1`, input);
  weights = graph.convolve(`${name}_se_conv1`, weights, { module: `${module}.fc1` });
  weights = graph.activate(`${name}_se_relu1`, weights, 'relu');
  weights = graph.convolve(`${name}_se_conv2`, weights, { module: `${module}.fc2` });
  weights = graph.activate(`${name}_se_sigmoid`, weights, 'sigmoid');
  return graph.multiply(graph.numbered('broadcast_mul'), input, weights);
}
