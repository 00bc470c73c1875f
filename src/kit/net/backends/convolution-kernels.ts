import type { Tensor, Tensor4D } from '@tensorflow/tfjs-core';
import type { ConvolutionAttributes } from '../graph/layers/convolution.ts';
import type { Window } from '../graph/layers/window.ts';
import type { TensorLibrary } from './backend.ts';
import type { BackwardCall, BackwardResult, LayerKernels } from './layer-kernels.ts';

export type Shape4D = readonly [number, number, number, number];

/** A convolution and its two gradients as a backend computes them: NHWC, filters HWIO (depthwise: height, width, channels, multiplier). */
export interface ConvolutionPrimitives {
  forward(x: Tensor4D, filter: Tensor4D, window: Window): Tensor4D;
  inputGradient(gradient: Tensor4D, filter: Tensor4D, call: Window & { readonly inputShape: Shape4D }): Tensor4D;
  filterGradient(gradient: Tensor4D, x: Tensor4D, call: Window & { readonly filterShape: Shape4D }): Tensor4D;
}

export interface ConvolutionTable {
  readonly full: ConvolutionPrimitives;
  readonly depthwise: ConvolutionPrimitives;
}

/** The layer made of a backend's primitives: bias, and groups that are neither one nor one per channel, are the same everywhere. */
export function convolutionKernels(tf: TensorLibrary, table: ConvolutionTable): LayerKernels<ConvolutionAttributes> {
  return {
    saves: 'inputs',
    forward({ attributes, inputs: [x], parameters: { weight, bias } }) {
      const input = rank4(x);
      const output = primitivesFor(tf, table, { groups: attributes.groups, channels: input.shape[3] }).forward(
        input,
        rank4(weight),
        attributes,
      );
      return { output: bias === undefined ? output : tf.add(output, bias) };
    },
    backward: (call) => backward(tf, table, call),
  };
}

function backward(
  tf: TensorLibrary,
  table: ConvolutionTable,
  { attributes, gradient, inputs, needsGradient, parameters }: BackwardCall<ConvolutionAttributes>,
): BackwardResult {
  const x = rank4(inputs[0]);
  const dy = rank4(gradient);
  const filter = rank4(parameters['weight']);
  const primitives = primitivesFor(tf, table, { groups: attributes.groups, channels: x.shape[3] });
  const weight = primitives.filterGradient(dy, x, { ...attributes, filterShape: filter.shape });
  const input =
    needsGradient[0] === true
      ? primitives.inputGradient(dy, filter, { ...attributes, inputShape: x.shape })
      : undefined;
  const bias = attributes.bias ? { bias: tf.sum(dy, [0, 1, 2]) } : {};
  return { inputs: [input], parameters: { weight, ...bias } };
}

/** The primitives of a convolution that takes `channels` channels in `groups` groups. */
export function primitivesFor(
  tf: TensorLibrary,
  table: ConvolutionTable,
  { groups, channels }: { readonly groups: number; readonly channels: number },
): ConvolutionPrimitives {
  if (groups === 1) return table.full;
  return groups === channels ? table.depthwise : grouped(tf, table.full, groups);
}

/** Groups one after the other: slices of channels in, slices of filters out. */
function grouped(tf: TensorLibrary, full: ConvolutionPrimitives, groups: number): ConvolutionPrimitives {
  const parts = (tensor: Tensor4D): Tensor4D[] => tf.split(tensor, groups, 3);
  const zip = (left: Tensor4D, right: Tensor4D, compute: (left: Tensor4D, right: Tensor4D) => Tensor4D): Tensor4D[] => {
    const others = parts(right);
    return parts(left).map((part, index) => compute(part, rank4(others[index])));
  };
  return {
    forward: (x, filter, window) =>
      tf.concat(
        zip(x, filter, (part, filters) => full.forward(part, filters, window)),
        3,
      ),
    inputGradient(gradient, filter, call) {
      const [batch, height, width, channels] = call.inputShape;
      const inputShape = [batch, height, width, channels / groups] as const;
      return tf.concat(
        zip(gradient, filter, (part, filters) => full.inputGradient(part, filters, { ...call, inputShape })),
        3,
      );
    },
    filterGradient(gradient, x, call) {
      const [height, width, channels, filters] = call.filterShape;
      const filterShape = [height, width, channels, filters / groups] as const;
      return tf.concat(
        zip(gradient, x, (part, inputs) => full.filterGradient(part, inputs, { ...call, filterShape })),
        3,
      );
    },
  };
}

/** Backends compute images with four axes; anything else here is a defect of ours. */
export function rank4(tensor: Tensor | undefined): Tensor4D {
  if (tensor?.rank !== 4) throw new Error(`expected a tensor of 4 axes, found ${tensor?.rank ?? 'none'}`);
  return tensor as Tensor4D;
}
