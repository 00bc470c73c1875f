import { cutWindowFactors, overhang, type Pair, windowPositions } from '../../graph/layers/window.ts';
import { evenDims, evenlyPadded, type Pads, samePads } from '../even-padding.ts';
import { isTooLarge, mostWeights, spreadDims, spreadKernel } from '../spread-kernel.ts';
import { type Constant, floatsOf } from './constant.ts';
import { type OnnxNodeReader, type OnnxValue, parameterOf } from './onnx-node.ts';
import { poolingOverImage } from '../../graph/layers/pooling.ts';

export function readConvolution(node: OnnxNodeReader): OnnxValue {
  const { layer: input, around } = paddedInput(node);
  const dense = node.constant(1);
  const bias = node.optionalConstant(2);
  const [filters = 0, , ...kernel] = dense.dims;
  if (dense.dims.length !== 4) node.refuse('a weight of four dimensions');
  if (node.pair('kernel_shape', [kernel[0] ?? 1, kernel[1] ?? 1]).join() !== kernel.join()) {
    node.refuse(`kernel_shape ${kernel.join(', ')} as its weight has it`);
  }
  const weight = withoutDilation(node, dense);
  const [, , rows = 1, columns = 1] = weight.dims;
  const stride = node.pair('strides', [1, 1]);
  const { begin, end } = padsOf(node, { input, kernel: [rows, columns], stride, around });
  refuseLarge(node, evenDims(weight.dims, { begin, end }));
  const even = evenlyPadded({ dims: weight.dims, values: floatsOf(weight) }, { begin, end });
  const [, , ...window] = even.dims;
  const attributes = {
    filters,
    kernel: [window[0] ?? 1, window[1] ?? 1] as const,
    stride,
    pad: even.pad,
    groups: node.integer('group', 1),
    bias: bias !== undefined,
  };
  return node.layer(
    { kind: 'convolution', inputs: [input], attributes },
    {
      weight: { name: weight.name, dims: even.dims, values: even.values },
      ...(bias === undefined ? {} : { bias: parameterOf(bias) }),
    },
  );
}

/** ONNX's ConvTranspose; its weight has the channels first, as MXNet's. */
export function readDeconvolution(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const dense = node.constant(1);
  const bias = node.optionalConstant(2);
  const [, filters = 0, ...kernel] = dense.dims;
  if (dense.dims.length !== 4) node.refuse('a weight of four dimensions');
  if (node.pair('kernel_shape', [kernel[0] ?? 1, kernel[1] ?? 1]).join() !== kernel.join()) {
    node.refuse(`kernel_shape ${kernel.join(', ')} as its weight has it`);
  }
  if (!['NOTSET', 'VALID'].includes(node.text('auto_pad', 'NOTSET')) || node.integers('output_shape') !== undefined) {
    node.refuse('explicit pads, and neither auto_pad nor output_shape');
  }
  const weight = withoutDilation(node, dense);
  const [top = 0, left = 0, bottom = 0, right = 0] = node.integers('pads') ?? [];
  const further = node.pair('output_padding', [0, 0]);
  const pad: Pair = [top, left];
  // Less padding at the far end makes the image so much larger.
  const extra: Pair = [further[0] + top - bottom, further[1] + left - right];
  const stride = node.pair('strides', [1, 1]);
  if (extra.some((cells, axis) => cells < 0 || cells >= (stride[axis] ?? 1))) {
    node.refuse('pads and output_padding that leave fewer further cells at the end than the stride, and at least 0');
  }
  const groups = node.integer('group', 1);
  const [, , rows = 1, columns = 1] = weight.dims;
  const attributes = {
    ...{ filters: filters * groups, kernel: [rows, columns] as const, stride, pad, groups },
    ...{ bias: bias !== undefined, extra },
  };
  return node.layer(
    { kind: 'deconvolution', inputs: [input], attributes },
    { weight: parameterOf(weight), ...(bias === undefined ? {} : { bias: parameterOf(bias) }) },
  );
}

function refuseLarge(node: OnnxNodeReader, dims: readonly number[]): void {
  if (isTooLarge(dims)) node.refuse(`dilations and pads that make at most ${mostWeights} weights`);
}

function withoutDilation(node: OnnxNodeReader, weight: Constant): Constant {
  const dilations = node.pair('dilations', [1, 1]);
  if (dilations.every((step) => step === 1)) return weight;
  refuseLarge(node, spreadDims(weight.dims, dilations));
  return { name: weight.name, ...spreadKernel({ dims: weight.dims, values: floatsOf(weight) }, dilations) };
}

/** Pads at the far end that only make room for a last window are the `full` convention. */
export function readPooling(node: OnnxNodeReader): OnnxValue {
  const isMax = node.op === 'MaxPool';
  const { layer: input, around } = isMax ? { layer: node.layerInput(0), around: nothingAround } : paddedInput(node);
  if (node.outputCount > 1) node.refuse('one output');
  checkDilations(node);
  const kernel = node.pair('kernel_shape', [0, 0]);
  const stride = node.pair('strides', [1, 1]);
  const { begin, end } = padsOf(node, { input, kernel, stride, around });
  const window = { kernel, stride, pad: begin };
  // Padding by a node of its own is part of the image.
  const countsPadding = around !== nothingAround || node.integer('count_include_pad', 0) !== 0;
  const isInside = !isMax && !countsPadding && [...begin, ...end].some((cells) => cells > 0);
  const [, height = 0, width = 0] = node.shapeOf(input);
  const positions = windowPositions([height, width], window, 'full');
  const beyond = overhang([height, width], window, positions);
  const extra: Pair = [end[0] - begin[0], end[1] - begin[1]];
  const isExtended = extra.some((cells) => cells !== 0);
  if (isExtended && (extra[0] !== beyond[0] || extra[1] !== beyond[1])) {
    node.refuse('the same padding on opposite sides, or as much more at the end as a last window needs');
  }
  const isFull = isExtended || node.integer('ceil_mode', 0) === 1;
  const pooled = node.layer({
    kind: 'pooling',
    inputs: [input],
    attributes: {
      function: isMax ? 'max' : isInside ? 'average-inside' : 'average',
      global: false,
      ...window,
      convention: isFull ? 'full' : 'valid',
    },
  });
  // A mean over such padding counts it; that of a window that is cut does not.
  if (isMax || isInside || !isExtended || pooled.is !== 'layer') return pooled;
  return { is: 'whole-means', layer: pooled.layer, factors: cutWindowFactors([height, width], window, positions) };
}

export function readGlobalPooling(node: OnnxNodeReader): OnnxValue {
  return globalPooling(node, node.layerInput(0), node.op === 'GlobalMaxPool' ? 'max' : 'average');
}

function globalPooling(node: OnnxNodeReader, input: string, pooled: 'max' | 'average'): OnnxValue {
  return node.layer({
    kind: 'pooling',
    inputs: [input],
    attributes: poolingOverImage(pooled),
  });
}

/** A mean over height and width. */
export function readMean(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const axes = [...(node.optionalConstant(1)?.values ?? node.integers('axes') ?? [])].map((axis) => (axis + 4) % 4);
  if (node.shapeOf(input).length !== 3 || axes.sort((a, b) => a - b).join() !== '2,3') node.refuse('axes 2 and 3');
  if (node.integer('keepdims', 1) === 1) return globalPooling(node, input, 'average');
  const pooled = node.part('pool', {
    kind: 'pooling',
    inputs: [input],
    attributes: poolingOverImage('average'),
  });
  return node.layer({ kind: 'flatten', inputs: [pooled.is === 'layer' ? pooled.layer : input], attributes: {} });
}

const nothingAround: Pads = { begin: [0, 0], end: [0, 0] };

/** The layer that windows slide over, and the zeros that a Pad before has put around it. */
function paddedInput(node: OnnxNodeReader): { readonly layer: string; readonly around: Pads } {
  const value = node.value(0);
  if (value?.is === 'padded') return { layer: value.layer, around: value };
  return { layer: node.layerInput(0), around: nothingAround };
}

interface PaddedWindow {
  readonly input: string;
  readonly kernel: Pair;
  readonly stride: Pair;
  readonly around: Pads;
}

function padsOf(node: OnnxNodeReader, { input, kernel, stride, around }: PaddedWindow): Pads {
  const automatic = node.text('auto_pad', 'NOTSET');
  if (automatic === 'SAME_UPPER' || automatic === 'SAME_LOWER') {
    if (around !== nothingAround) return node.refuse('explicit pads behind a Pad');
    const [, ...size] = node.shapeOf(input);
    const { begin, end } = samePads([size[0] ?? 0, size[1] ?? 0], { kernel, stride });
    return automatic === 'SAME_UPPER' ? { begin, end } : { begin: end, end: begin };
  }
  if (automatic !== 'NOTSET' && automatic !== 'VALID') node.refuse(`explicit pads, not ${automatic}`);
  const [top = 0, left = 0, bottom = 0, right = 0] = node.integers('pads') ?? [];
  return {
    begin: [top + around.begin[0], left + around.begin[1]],
    end: [bottom + around.end[0], right + around.end[1]],
  };
}

/** Zeros around the image, for the windows that follow; amounts are an attribute before operator set 11. */
export function readPad(node: OnnxNodeReader): OnnxValue {
  const layer = node.layerInput(0);
  if (node.text('mode', 'constant') !== 'constant') node.refuse('mode constant');
  const filling = node.optionalConstant(2)?.values[0] ?? node.float('value', 0);
  if (filling !== 0) node.refuse('zeros to fill with');
  const pads = [...(node.optionalConstant(1)?.values ?? node.integers('pads') ?? [])];
  const [, , top = 0, left = 0, , , bottom = 0, right = 0] = pads;
  const isAround = pads.length === 8 && [pads[0], pads[1], pads[4], pads[5]].every((cells) => cells === 0);
  if (!isAround || pads.some((cells) => cells < 0)) node.refuse('pads of height and width');
  if (pads.every((cells) => cells === 0)) return { is: 'layer', layer };
  return { is: 'padded', layer, begin: [top, left], end: [bottom, right] };
}

function checkDilations(node: OnnxNodeReader): void {
  if (node.integers('dilations')?.some((step) => step !== 1) === true) node.refuse('dilations 1');
}
