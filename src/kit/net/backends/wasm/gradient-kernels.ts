import type { backend_util, NamedAttrMap, Tensor, Tensor1D, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backend.ts';
import { rank4 } from '../convolution-kernels.ts';
import { required } from '../tensors.ts';
import { filterGradient, inputGradient } from './convolution-gradients.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise-gradients.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';
import { replaceKernel, type WasmHeap } from './wasm-kernel.ts';

type Compute = (call: KernelCall) => TensorInfo;

type Inputs = Readonly<Record<string, Tensor>>;

interface KernelCall {
  readonly tf: TensorLibrary;
  readonly heap: WasmHeap;
  readonly inputs: Inputs;
  readonly attributes: NamedAttrMap;
}

/**
 * Kernels for training that the wasm backend 4.22 has not, has as a plain loop at a tenth of the speed
 * (Conv2DBackpropInput), or gets wrong (MaxPoolGrad), made of operations it is good at. Names, inputs and attributes are those of tfjs-core's kernel_names.ts.
 */
const kernels: Readonly<Record<string, Compute>> = {
  Conv2DBackpropInput: outOfOperations(({ tf, inputs: { dy, filter }, attributes }) => {
    const info = windowGeometry(tf, attributes, { input: shapeIn(attributes, 'inputShape'), filter: shapeOf(filter) });
    return inputGradient(tf, { dy: rank4(dy), filter: rank4(filter) }, info);
  }),
  Conv2DBackpropFilter: outOfOperations(({ tf, inputs: { x, dy }, attributes }) => {
    const info = windowGeometry(tf, attributes, { input: shapeOf(x), filter: shapeIn(attributes, 'filterShape') });
    return filterGradient(tf, { x: rank4(x), dy: rank4(dy) }, info);
  }),
  DepthwiseConv2dNativeBackpropInput: outOfOperations(({ tf, inputs: { dy, filter }, attributes }) => {
    const shapes = { input: shapeIn(attributes, 'inputShape'), filter: shapeOf(filter), depthwise: true };
    return depthwiseInputGradient(tf, { dy: rank4(dy), filter: rank4(filter) }, windowGeometry(tf, attributes, shapes));
  }),
  DepthwiseConv2dNativeBackpropFilter: ({ tf, heap, inputs: { x, dy }, attributes }) => {
    const shapes = { input: shapeOf(x), filter: shapeIn(attributes, 'filterShape'), depthwise: true };
    return depthwiseFilterGradient(heap, { x: rank4(x), dy: rank4(dy) }, windowGeometry(tf, attributes, shapes));
  },
  MaxPoolGrad: ({ tf, heap, inputs: { dy, input }, attributes }) =>
    maxPoolGradient(
      heap,
      { dy: required(dy, 'input dy'), input: required(input, 'input input') },
      poolGeometry(tf, attributes, shapeOf(input)),
    ),
  UnsortedSegmentSum: outOfOperations(({ tf, inputs: { x, segmentIds }, attributes }) =>
    unsortedSegmentSum(tf, required(x, 'input x'), {
      segmentIds: required(segmentIds, 'input segmentIds') as Tensor1D,
      segments: Number(attributes['numSegments']),
    }),
  ),
};

/** Adds the kernels to the wasm backend of this tfjs-core; may be called again. */
export function registerGradientKernels(tf: TensorLibrary): void {
  for (const [kernelName, compute] of Object.entries(kernels)) {
    replaceKernel(tf, kernelName, ({ inputs, backend, attrs: attributes = {} }) =>
      compute({ tf, heap: backend as WasmHeap, inputs: inputs as Inputs, attributes }),
    );
  }
}

/** Disposes what is computed on the way. */
function outOfOperations(compute: (call: KernelCall) => Tensor): Compute {
  return (call) => call.tf.tidy(() => compute(call));
}

function poolGeometry(tf: TensorLibrary, attributes: NamedAttrMap, shape: Shape4D): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = typed<PoolAttributes>(attributes);
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
}

/** tfjs passes every kernel its attributes without their types. */
// eslint-disable-next-line @typescript-eslint/no-unnecessary-type-parameters -- the kernel knows its attributes
function typed<Attributes>(attributes: NamedAttrMap): Attributes {
  return attributes as unknown as Attributes;
}

type PoolAttributes = Pick<WindowAttributes, 'strides' | 'pad' | 'dimRoundingMode'> & {
  readonly filterSize: number | [number, number];
};

function shapeIn(attributes: NamedAttrMap, name: 'inputShape' | 'filterShape'): Shape4D {
  return attributes[name] as Shape4D;
}

function shapeOf(tensor: Tensor | undefined): Shape4D {
  return rank4(tensor).shape;
}

/** The attributes that tfjs passes to the kernels of convolution gradients. */
interface WindowAttributes {
  readonly strides: number | [number, number];
  readonly pad: 'valid' | 'same' | number | backend_util.ExplicitPadding;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dilations?: number | [number, number];
  readonly dimRoundingMode?: 'floor' | 'round' | 'ceil';
}

type Shape4D = [number, number, number, number];

/** Sizes and paddings of the convolution whose gradient is wanted. Dilated windows are not supported, and throw. */
function windowGeometry(
  tf: TensorLibrary,
  attributes: NamedAttrMap,
  shapes: { readonly input: Shape4D; readonly filter: Shape4D; readonly depthwise?: boolean },
): backend_util.Conv2DInfo {
  const { strides, pad, dimRoundingMode, dilations = 1, dataFormat = 'NHWC' } = typed<WindowAttributes>(attributes);
  const info = tf.backend_util.computeConv2DInfo(
    shapes.input,
    shapes.filter,
    strides,
    dilations,
    pad,
    dimRoundingMode,
    shapes.depthwise ?? false,
    tf.backend_util.convertConv2DDataFormat(dataFormat),
  );
  if (info.dataFormat !== 'channelsLast' || info.dilationHeight !== 1 || info.dilationWidth !== 1) {
    throw new Error('gradients of convolutions on wasm: only NHWC without dilation is implemented');
  }
  return info;
}

interface Segments {
  /** The segment of each row. */
  readonly segmentIds: Tensor1D;
  /** How many there are. */
  readonly segments: number;
}

/** Adds the rows of `x` whose segment is equal: [n, ...] to [segments, ...]. Rows of segments that do not exist are left out. */
function unsortedSegmentSum(tf: TensorLibrary, x: Tensor, { segmentIds, segments }: Segments): Tensor {
  const [rows = 0, ...rest] = x.shape;
  const exists = tf.logicalAnd(tf.greaterEqual(segmentIds, 0), tf.less(segmentIds, segments));
  const kept = tf.mul(x, tf.reshape(tf.cast(exists, x.dtype), [rows, ...rest.map(() => 1)]));
  const ids = tf.clipByValue(segmentIds, 0, segments - 1);
  return tf.scatterND(tf.reshape(tf.cast(ids, 'int32'), [rows, 1]), kept, [segments, ...rest]);
}
