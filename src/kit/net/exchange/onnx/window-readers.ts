import { cutWindowFactors, overhang, type Pair, windowPositions } from '../../graph/layers/window.ts';
import { type OnnxNodeReader, type OnnxValue, parameterOf } from './onnx-node.ts';
import { poolingOverImage } from '../../graph/layers/pooling.ts';

interface Pads {
  readonly begin: Pair;
  readonly end: Pair;
}

export function readConvolution(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const weight = node.constant(1);
  const bias = node.optionalConstant(2);
  const [filters = 0, , ...kernel] = weight.dims;
  if (weight.dims.length !== 4) node.refuse('a weight of four dimensions');
  if (node.pair('kernel_shape', [kernel[0] ?? 1, kernel[1] ?? 1]).join() !== kernel.join()) {
    node.refuse(`kernel_shape ${kernel.join(', ')} as its weight has it`);
  }
  checkDilations(node);
  const { begin, end } = padsOf(node);
  if (begin[0] !== end[0] || begin[1] !== end[1]) node.refuse('the same padding on opposite sides');
  const attributes = {
    filters,
    kernel: [kernel[0] ?? 1, kernel[1] ?? 1] as const,
    stride: node.pair('strides', [1, 1]),
    pad: begin,
    groups: node.integer('group', 1),
    bias: bias !== undefined,
  };
  return node.layer(
    { kind: 'convolution', inputs: [input], attributes },
    {
      weight: parameterOf(weight),
      ...(bias === undefined ? {} : { bias: parameterOf(bias) }),
    },
  );
}

/** Pads at the far end that only make room for a last window are the `full` convention. */
export function readPooling(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const isMax = node.op === 'MaxPool';
  if (node.outputCount > 1) node.refuse('one output');
  checkDilations(node);
  const { begin, end } = padsOf(node);
  const kernel = node.pair('kernel_shape', [0, 0]);
  const window = { kernel, stride: node.pair('strides', [1, 1]), pad: begin };
  if (!isMax && [...begin, ...end].some((cells) => cells > 0) && node.integer('count_include_pad', 0) === 0) {
    node.refuse('count_include_pad 1 where it pads');
  }
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
      function: isMax ? 'max' : 'average',
      global: false,
      ...window,
      convention: isFull ? 'full' : 'valid',
    },
  });
  // A mean over such padding counts it; that of a window that is cut does not.
  if (isMax || !isExtended || pooled.is !== 'layer') return pooled;
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

function padsOf(node: OnnxNodeReader): Pads {
  const automatic = node.text('auto_pad', 'NOTSET');
  if (automatic !== 'NOTSET' && automatic !== 'VALID') node.refuse(`explicit pads, not ${automatic}`);
  const [top = 0, left = 0, bottom = 0, right = 0] = node.integers('pads') ?? [];
  return { begin: [top, left], end: [bottom, right] };
}

function checkDilations(node: OnnxNodeReader): void {
  if (node.integers('dilations')?.some((step) => step !== 1) === true) node.refuse('dilations 1');
}
