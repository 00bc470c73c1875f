import { elementCount } from '../../graph/feature-shape.ts';
import { poolingOverImage } from '../../graph/layers/pooling.ts';
import type { GraphNodeReader } from './graph-node.ts';
import type { TensorflowValue } from './tensorflow-value.ts';

/** Only what makes rows, or an image of one cell of a row. */
export function readReshape(node: GraphNodeReader): TensorflowValue {
  const value = node.value(0);
  if (value.is !== 'layer' && value.is !== 'planes') return node.refuse('a computed value as input 0');
  const shape = node.shapeOf(value.layer);
  const count = elementCount(shape);
  const [, length, ...others] = node.integers(1);
  const isRow = others.length === 0 && (length === count || length === -1);
  const isPixel = others.length === 2 && length === 1 && others[0] === 1 && others[1] === count && shape[0] === count;
  const { layer } = value;
  if (isPixel && value.is === 'layer') return value;
  if (!isRow) return node.refuse(`the shape of rows of ${count}, or of images of one cell`);
  if (shape.length === 1) return { is: 'layer', layer };
  if (value.is === 'planes' || shape[0] === count) {
    return node.layer({ kind: 'flatten', inputs: [layer], attributes: {} });
  }
  return { is: 'cells', layer };
}

/** Axes of one cell are left out. */
export function readSqueeze(node: GraphNodeReader): TensorflowValue {
  const input = node.layerInput(0);
  const shape = node.shapeOf(input);
  const axes = node.list('squeeze_dims').map((axis) => (axis + 4) % 4);
  if (shape.length !== 3 || shape[0] !== elementCount(shape) || axes.toSorted().join() !== '1,2') {
    return node.refuse('an image of one cell, and squeeze_dims 1 and 2');
  }
  return node.layer({ kind: 'flatten', inputs: [input], attributes: {} });
}

/** Only what puts the channels of an image first. */
export function readTranspose(node: GraphNodeReader): TensorflowValue {
  const layer = node.layerInput(0);
  return node.integers(1).join() === '0,3,1,2' ? { is: 'planes', layer } : node.refuse('the axes 0, 3, 1, 2');
}

/** Sum of squares over the channels; mean of norms, mean and maximum over height and width. */
export function readReduction(node: GraphNodeReader): TensorflowValue {
  const value = node.value(0);
  const of = 'of' in value ? value.of : node.layerInput(0);
  const rank = node.shapeOf(of).length + 1;
  const axes = node.axes(1, rank).join();
  const keeps = node.flag('keep_dims');
  if (value.is === 'squares') {
    const isNorm = node.op === 'Sum' && axes === String(rank - 1) && keeps;
    return isNorm ? node.step('sum of squares', of) : node.refuse('a sum over the channels that keeps its axes');
  }
  if (axes !== '1,2' || node.op === 'Sum') return node.refuse('a mean or maximum over axes 1 and 2');
  if (value.is === 'norm') {
    return node.op === 'Mean' && keeps ? node.step('mean norm', of) : node.refuse('a mean that keeps its axes');
  }
  if (value.is !== 'layer') return node.refuse('a computed value as input 0');
  const pooling = {
    kind: 'pooling',
    inputs: [of],
    attributes: poolingOverImage(node.op === 'Max' ? 'max' : 'average'),
  } as const;
  if (keeps) return node.layer(pooling);
  return node.layer({ kind: 'flatten', inputs: [node.part('pool', pooling)], attributes: {} });
}

/** Sqrt and Rsqrt of a sum of squares. */
export function readRoot(node: GraphNodeReader): TensorflowValue {
  const value = node.value(0);
  if (value.is !== 'sum of squares') return node.refuse('the sum of the squares of channels as input 0');
  return node.step(node.op === 'Sqrt' ? 'norm' : 'inverse norm', value.of);
}

export function readConcat(node: GraphNodeReader): TensorflowValue {
  const last = node.inputs.length - 1;
  const inputs = Array.from({ length: last }, (_, index) => node.layerInput(index));
  const rank = node.shapeOf(inputs[0] ?? '').length + 1;
  if (node.axes(last, rank).join() !== String(rank - 1)) node.refuse('the last axis');
  return node.layer({ kind: 'concat', inputs, attributes: {} });
}

/** Successive channels. */
export function readSlice(node: GraphNodeReader): TensorflowValue {
  const input = node.layerInput(0);
  const [channels = 0, ...size] = node.shapeOf(input);
  const whole = [-1, ...size, channels];
  const [from, sizes] = [node.integers(1), node.integers(2)];
  const isChannels = whole.every((all, axis) => {
    const [begin, count] = [from[axis], sizes[axis]];
    return axis === whole.length - 1 || (begin === 0 && (count === -1 || count === all));
  });
  if (!isChannels) return node.refuse('a part of the channels and all of the other axes');
  const [begin = 0, count = 0] = [from.at(-1), sizes.at(-1)];
  const end = count === -1 ? channels : begin + count;
  return node.layer({ kind: 'slice', inputs: [input], attributes: { begin, end } });
}

/*
 * The size of a gradient's result: Pack of the number of images, which StridedSlice takes of the Shape of a value, and of numbers.
 */

export function readSizes(node: GraphNodeReader): TensorflowValue {
  return node.step('sizes', node.layerInput(0));
}

export function readStridedSlice(node: GraphNodeReader): TensorflowValue {
  const value = node.value(0);
  const isFirst = [1, 2, 3].map((index) => node.integers(index).join()).join(' ') === '0 1 1';
  if (value.is !== 'sizes' || !isFirst || node.number('shrink_axis_mask', 0) !== 1) {
    return node.refuse('the first of the sizes of a value');
  }
  return node.step('images', value.of);
}

export function readPack(node: GraphNodeReader): TensorflowValue {
  if (node.value(0).is !== 'images') return node.refuse('the number of images as input 0');
  const sizes = node.inputs.slice(1).flatMap((_, index) => [...node.constant(index + 1).values]);
  return { is: 'target', sizes };
}

/** A node that only makes a step of a layer's value. */
export function readStep(is: 'squares' | 'magnitude'): (node: GraphNodeReader) => TensorflowValue {
  return (node) => node.step(is, node.layerInput(0));
}
