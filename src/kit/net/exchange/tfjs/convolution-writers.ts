import type { ConvolutionAttributes } from '../../graph/layers/convolution.ts';
import type { Window } from '../../graph/layers/window.ts';
import type { NamedArray } from '../../model/model.ts';
import { channelsOf, concatenated, type NodeOf, withBias, type WriterCall } from './common-nodes.ts';
import type { GraphDefWriter } from './graph-def-writer.ts';
import { toTensorflow } from './kernel-layout.ts';

/** Of groups that are neither one nor one per channel, each is a convolution by itself: TensorFlow.js has no others. */
export function writeConvolution(call: WriterCall<'convolution'>): string {
  const { node, writer, parameter, inputs, shapes } = call;
  const { attributes } = node;
  const { groups, filters } = attributes;
  const [input = ''] = inputs;
  const [channels = 0] = shapes[0] ?? [];
  const weight = parameter('weight');
  return biased(call, attributes, (name) => {
    const operation = { attributes: { ...windowOf(attributes), dilations: [1, 1, 1, 1] } };
    if (groups > 1 && groups === channels) {
      const shape = [...attributes.kernel, channels, filters / groups];
      const filter = writer.floats(weight.name, shape, () => toTensorflow(weight.values, weight.shape));
      return writer.node('DepthwiseConv2dNative', { name, inputs: [input, filter], ...operation });
    }
    return inGroups(writer, { name, input, channels, groups }, (part) => {
      const taken = [part.input, filterOf(writer, weight, { index: part.index, groups })];
      return writer.node('Conv2D', { name: part.name, inputs: taken, ...operation });
    });
  });
}

/** The gradient of a convolution. Its operation is told the size of the result, images included: their number is asked of the input. */
export function writeDeconvolution(call: WriterCall<'deconvolution'>): string {
  const { node, writer, parameter, inputs, shapes, outputShape } = call;
  const { attributes } = node;
  const { groups, filters } = attributes;
  const [input = ''] = inputs;
  const [channels = 0] = shapes[0] ?? [];
  const [, height = 0, width = 0] = outputShape;
  const weight = parameter('weight');
  return biased(call, attributes, (name) => {
    const sizes = sizesLike(writer, { name, input, shape: [height, width, filters / groups] });
    return inGroups(writer, { name, input, channels, groups }, (part) => {
      const taken = [sizes, filterOf(writer, weight, { index: part.index, groups }), part.input];
      const operation = { attributes: { ...windowOf(attributes), dilations: [1, 1, 1, 1] } };
      return writer.node('Conv2DBackpropInput', { name: part.name, inputs: taken, ...operation });
    });
  });
}

/** What `write` writes under the name that it is given, and the bias if the layer has one. */
function biased(
  { name, writer, parameter }: Pick<WriterCall<'convolution'>, 'name' | 'writer' | 'parameter'>,
  { bias }: Pick<ConvolutionAttributes, 'bias'>,
  write: (name: string) => string,
): string {
  if (!bias) return write(name);
  return withBias(writer, { name, input: write(writer.free(`${name}/convolved`)), bias: parameter('bias') });
}

function windowOf({ stride, pad }: Window): Record<string, string | readonly number[]> {
  const common = { strides: [1, ...stride, 1], data_format: 'NHWC' };
  const [height, width] = pad;
  if (height === 0 && width === 0) return { ...common, padding: 'VALID' };
  return { ...common, padding: 'EXPLICIT', explicit_paddings: [0, 0, height, height, width, width, 0, 0] };
}

interface Group extends NodeOf {
  readonly index: number;
}

/** `write` for each group of channels, and the results put together. */
function inGroups(
  writer: GraphDefWriter,
  { name, input, channels, groups }: NodeOf & { readonly channels: number; readonly groups: number },
  write: (group: Group) => string,
): string {
  if (groups === 1) return write({ name, input, index: 0 });
  const count = channels / groups;
  const parts = Array.from({ length: groups }, (_, index) => {
    const own = writer.free(`${name}/channels_${index}`);
    const part = channelsOf(writer, { name: own, input, axes: 4, begin: index * count, count });
    return write({ name: writer.free(`${name}/group_${index}`), input: part, index });
  });
  return concatenated(writer, { name, inputs: parts, axes: 4 });
}

/** The weights of a group, which are beside each other in ours. */
function filterOf(
  writer: GraphDefWriter,
  { name, shape, values }: NamedArray,
  { index, groups }: { readonly index: number; readonly groups: number },
): string {
  const [all = 0, ins = 0, height = 0, width = 0] = shape;
  const outs = all / groups;
  const size = outs * ins * height * width;
  const own = groups === 1 ? name : `${name}/group_${index}`;
  return writer.floats(own, [height, width, ins, outs], () =>
    toTensorflow(values.subarray(index * size, (index + 1) * size), [outs, ins, height, width]),
  );
}

/** [as many images as `input` has, ...shape]. */
function sizesLike(
  writer: GraphDefWriter,
  { name, input, shape }: NodeOf & { readonly shape: readonly number[] },
): string {
  const all = writer.node('Shape', {
    name: writer.free(`${name}/sizes`),
    inputs: [input],
    attributes: { out_type: { type: 'int32' } },
  });
  const images = writer.node('StridedSlice', {
    name: writer.free(`${name}/images`),
    inputs: [all, writer.integers([0]), writer.integers([1]), writer.integers([1])],
    attributes: { Index: { type: 'int32' }, shrink_axis_mask: { integer: 1 }, ...noMasks },
    elements: 'int32',
  });
  return writer.node('Pack', {
    name: writer.free(`${name}/target`),
    inputs: [images, ...shape.map((size) => writer.integer(size))],
    attributes: { N: { integer: shape.length + 1 }, axis: { integer: 0 } },
    elements: 'int32',
  });
}

const noMasks = {
  begin_mask: { integer: 0 },
  end_mask: { integer: 0 },
  ellipsis_mask: { integer: 0 },
  new_axis_mask: { integer: 0 },
} as const;
