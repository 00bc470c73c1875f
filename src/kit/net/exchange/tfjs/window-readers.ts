import { evenDims, evenlyPadded, type Pads, samePads } from '../even-padding.ts';
import { isTooLarge, mostWeights, spreadKernel, spreadSide } from '../spread-kernel.ts';
import {
  cutWindowFactors,
  insideFactors,
  overhang,
  type Pair,
  type Window,
  windowPositions,
} from '../../graph/layers/window.ts';
import type { PoolingAttributes } from '../../graph/layers/pooling.ts';
import type { GraphNodeReader } from './graph-node.ts';
import { fromTensorflow } from './kernel-layout.ts';
import type { TensorflowValue } from './tensorflow-value.ts';
import { weightedLayer } from './weighted-layer.ts';

/** Conv2D, DepthwiseConv2dNative, and what TensorFlow makes of them with what follows. */
export function readConvolution(node: GraphNodeReader): TensorflowValue {
  const { layer: input, pads: around } = paddedInput(node, 0);
  node.checkLayout();
  const filter = node.constant(1);
  const [height = 0, width = 0, ins = 0, outs = 0] = filter.dims;
  if (filter.dims.length !== 4) node.refuse('a filter of four dimensions');
  const [channels = 0] = node.shapeOf(input);
  const isDepthwise = node.op.includes('Depthwise');
  const filters = isDepthwise ? ins * outs : outs;
  const each = isDepthwise ? 1 : ins;
  const dense = {
    dims: [filters, each, height, width],
    values: fromTensorflow(filter.values, [height, width, each, filters]),
  };
  const dilations = node.window('dilations');
  const spread: Pair = [spreadSide(height, dilations[0]), spreadSide(width, dilations[1])];
  const stride = node.window('strides');
  const pads = padsOf(node, { size: node.sizeOf(input), kernel: spread, stride, around });
  if (isTooLarge(evenDims([filters, each, ...spread], pads)))
    node.refuse(`dilations and paddings that make at most ${mostWeights} weights`);
  const whole = dilations.some((step) => step !== 1) ? spreadKernel(dense, dilations) : dense;
  const even = evenlyPadded(whole, pads);
  const [, , ...kernel] = even.dims;
  const attributes = {
    ...{ filters, kernel: [kernel[0] ?? 1, kernel[1] ?? 1] as const, stride, pad: even.pad },
    groups: Math.max(1, Math.floor(channels / each)),
  };
  const weight = { name: filter.name, dims: even.dims, values: even.values };
  return weightedLayer(node, { outputs: filters, parameters: { weight } }, (bias) => {
    return { kind: 'convolution', inputs: [input], attributes: { ...attributes, bias } };
  });
}

/** The gradient of a convolution, which is told the size of its result. */
export function readDeconvolution(node: GraphNodeReader): TensorflowValue {
  const target = node.value(0);
  if (target.is !== 'target') return node.refuse('sizes as input 0');
  const input = node.layerInput(2);
  node.checkLayout();
  const filter = node.constant(1);
  const [height = 0, width = 0, outs = 0, ins = 0] = filter.dims;
  if (filter.dims.length !== 4) node.refuse('a filter of four dimensions');
  if (node.window('dilations').some((step) => step !== 1)) node.refuse('dilations 1');
  const [kernel, stride] = [[height, width] as const, node.window('strides')];
  const [rows = 0, columns = 0] = target.sizes;
  const { begin } = padsOf(node, { size: [rows, columns], kernel, stride, around: nothingAround });
  const size = node.sizeOf(input);
  const extraAlong = (axis: 0 | 1): number =>
    (target.sizes[axis] ?? 0) - ((size[axis] - 1) * stride[axis] - 2 * begin[axis] + kernel[axis]);
  const extra: Pair = [extraAlong(0), extraAlong(1)];
  if (extra.some((cells) => cells < 0)) node.refuse('no less padding before the image than behind it');
  const attributes = { filters: outs, kernel, stride, pad: begin, groups: 1, extra };
  const weight = {
    name: filter.name,
    dims: [ins, outs, height, width],
    values: fromTensorflow(filter.values, [height, width, outs, ins]),
  };
  return weightedLayer(node, { outputs: outs, parameters: { weight } }, (bias) => {
    return { kind: 'deconvolution', inputs: [input], attributes: { ...attributes, bias } };
  });
}

/** Less than any value that is computed: the padding of a maximum. */
const lowest = -1e30;

/** Means over padding by a node of its own count it, unless factors after them put that right; those with padding SAME do not. */
export function readPooling(node: GraphNodeReader): TensorflowValue {
  const isMax = node.op === 'MaxPool';
  const { layer: input, pads: around } = paddedInput(node, isMax ? lowest : 0);
  node.checkLayout();
  const [kernel, stride, size] = [node.window('ksize'), node.window('strides'), node.sizeOf(input)];
  const { begin, end } = padsOf(node, { size, kernel, stride, around });
  const window = { kernel, stride, pad: begin };
  const beyond = overhang(size, window, windowPositions(size, window, 'full'));
  const isExtended = begin.join() !== end.join();
  if (isExtended && (end[0] - begin[0] !== beyond[0] || end[1] - begin[1] !== beyond[1])) {
    node.refuse('the same padding on opposite sides, or as much more at the end as a last window needs');
  }
  const common = { global: false, ...window, convention: isExtended ? ('full' as const) : ('valid' as const) };
  const layer = (pooled: PoolingAttributes['function']) => {
    return { kind: 'pooling' as const, inputs: [input], attributes: { function: pooled, ...common } };
  };
  if (isMax) return node.layer(layer('max'));
  if (node.text('padding', 'VALID') === 'SAME') return node.layer(layer('average-inside'));
  const corrected = node.with(['Mul'], (user, factors) => {
    const pooled = factors === undefined ? undefined : meansWith(factors.values, size, common);
    return pooled === undefined ? undefined : user.layer(layer(pooled));
  });
  if (corrected === undefined && isExtended) node.refuse('a mean over windows that are whole');
  return corrected ?? node.layer(layer('average'));
}

/** Which means whole ones become by these factors. */
function meansWith(
  factors: Float32Array,
  size: Pair,
  attributes: Window & Pick<PoolingAttributes, 'convention'>,
): PoolingAttributes['function'] | undefined {
  const positions = windowPositions(size, attributes, attributes.convention);
  const isThis = (wanted: Float32Array): boolean =>
    wanted.length === factors.length &&
    wanted.every((factor, index) => Math.abs(factor - (factors[index] ?? NaN)) < 1e-6);
  if (isThis(insideFactors(size, attributes, positions))) return 'average-inside';
  return isThis(cutWindowFactors(size, attributes, positions)) ? 'average' : undefined;
}

const nothingAround: Pads = { begin: [0, 0], end: [0, 0] };

/** The layer that windows slide over, and what a Pad before has put around it: `filling`, or less. */
function paddedInput(node: GraphNodeReader, filling: number): { readonly layer: string; readonly pads: Pads } {
  const value = node.value(0);
  if (value.is !== 'padded') return { layer: node.layerInput(0), pads: nothingAround };
  const isFilling = filling === 0 ? value.filling === 0 : value.filling <= filling;
  return isFilling ? value : node.refuse(`padding of ${filling === 0 ? 'zeros' : 'less than any value'} before it`);
}

interface PaddedWindow extends Pick<Window, 'kernel' | 'stride'> {
  readonly size: Pair;
  readonly around: Pads;
}

function padsOf(node: GraphNodeReader, { size, kernel, stride, around }: PaddedWindow): Pads {
  const padding = node.text('padding', 'VALID');
  if (padding === 'VALID') return around;
  if (around !== nothingAround) return node.refuse('padding VALID behind a Pad');
  if (padding === 'SAME') return samePads(size, { kernel, stride });
  const [, , top = 0, bottom = 0, left = 0, right = 0] = node.list('explicit_paddings');
  if (padding !== 'EXPLICIT') node.refuse('padding VALID, SAME or EXPLICIT');
  return requirePads(node, { begin: [top, left], end: [bottom, right] });
}

function requirePads(node: GraphNodeReader, pads: Pads): Pads {
  const cells = [...pads.begin, ...pads.end];
  const areCells = cells.every((count) => Number.isSafeInteger(count) && count >= 0);
  return areCells ? pads : node.refuse('pads of whole numbers, and none below 0');
}

/** Equal numbers around the image, for the windows that follow. */
export function readPad(node: GraphNodeReader): TensorflowValue {
  const layer = node.layerInput(0);
  const filling = node.op === 'PadV2' ? (node.constant(2).values[0] ?? 0) : 0;
  const sides = node.integers(1);
  const [before = 0, after = 0, top = 0, bottom = 0, left = 0, right = 0, ...channels] = sides;
  if (sides.length !== 8 || [before, after, ...channels].some((cells) => cells !== 0)) {
    return node.refuse('pads of height and width');
  }
  const pads = requirePads(node, { begin: [top, left], end: [bottom, right] });
  return { is: 'padded', layer, pads, filling };
}
