import type { backend_util, NamedAttrMap, Tensor, Tensor1D, Tensor4D, TensorInfo } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../engine-handle.ts';
import { filterGradient, inputGradient } from './convolution-gradients.ts';
import { depthwiseFilterGradient, depthwiseInputGradient } from './depthwise-gradients.ts';
import { maxPoolGradient } from './max-pool-gradient.ts';
import { replaceKernel } from './replace-kernel.ts';
import { unsortedSegmentSum } from './segment-sum.ts';
import type { WasmHeap } from './wasm-heap.ts';
import { windowGeometry, type Shape4D, type WindowAttributes } from './window-geometry.ts';

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
    const info = geometry(tf, attributes, { input: shapeIn(attributes, 'inputShape'), filter: shapeOf(filter) });
    return inputGradient(tf, rank4(dy), rank4(filter), info);
  }),
  Conv2DBackpropFilter: outOfOperations(({ tf, inputs: { x, dy }, attributes }) => {
    const info = geometry(tf, attributes, { input: shapeOf(x), filter: shapeIn(attributes, 'filterShape') });
    return filterGradient(tf, rank4(x), rank4(dy), info);
  }),
  DepthwiseConv2dNativeBackpropInput: outOfOperations(({ tf, inputs: { dy, filter }, attributes }) => {
    const shapes = { input: shapeIn(attributes, 'inputShape'), filter: shapeOf(filter), depthwise: true };
    return depthwiseInputGradient(tf, rank4(dy), rank4(filter), geometry(tf, attributes, shapes));
  }),
  DepthwiseConv2dNativeBackpropFilter: ({ tf, heap, inputs: { x, dy }, attributes }) => {
    const shapes = { input: shapeOf(x), filter: shapeIn(attributes, 'filterShape'), depthwise: true };
    return depthwiseFilterGradient(heap, rank4(x), rank4(dy), geometry(tf, attributes, shapes));
  },
  MaxPoolGrad: ({ tf, heap, inputs: { dy, input }, attributes }) =>
    maxPoolGradient(heap, given(dy), given(input), poolGeometry(tf, attributes, shapeOf(input))),
  UnsortedSegmentSum: outOfOperations(({ tf, inputs: { x, segmentIds }, attributes }) =>
    unsortedSegmentSum(tf, given(x), given(segmentIds) as Tensor1D, Number(attributes['numSegments'])),
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

function geometry(
  tf: TensorLibrary,
  attributes: NamedAttrMap,
  { input, filter, depthwise = false }: { input: Shape4D; filter: Shape4D; depthwise?: boolean },
): ReturnType<typeof windowGeometry> {
  return windowGeometry(tf, attributes as unknown as WindowAttributes, { input, filter, depthwise });
}

function poolGeometry(tf: TensorLibrary, attributes: NamedAttrMap, shape: Shape4D): backend_util.Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attributes as unknown as PoolAttributes;
  return tf.backend_util.computePool2DInfo(shape, filterSize, strides, 1, pad, dimRoundingMode);
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

function rank4(tensor: Tensor | undefined): Tensor4D {
  return given(tensor) as Tensor4D;
}

function given(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error('a kernel was called without one of its inputs');
  return tensor;
}
