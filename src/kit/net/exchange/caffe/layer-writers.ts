import type { BlobProto, LayerParameter } from '../../../codec/caffe/schema.ts';
import type { FeatureShape } from '../../graph/feature-shape.ts';
import type { Graph, LayerNodeOf } from '../../graph/graph.ts';
import { smallestNorm } from '../../graph/layers/unit-length.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import { type Pair, type Window, windowPositions } from '../../graph/layers/window.ts';
import { notIn, type NotExpressible, type WriterOf } from '../not-in.ts';
import { sliceLayers } from './slice-layers.ts';

/** A layer of the graph on its way to Caffe. */
export interface WriteCall<Kind extends LayerKind> {
  readonly node: LayerNodeOf<Kind>;
  readonly graph: Graph;
  /** Blobs it takes. */
  readonly bottom: readonly string[];
  readonly inputShapes: readonly FeatureShape[];
  /** A parameter with its values. */
  readonly blob: (suffix: string) => BlobProto;
  /** Whether its value has to exist: it is a result, or something other than a fully connected layer takes it. */
  readonly isNeeded: boolean;
}

export type Written =
  /** The layers that it is in Caffe, the last of which has a blob of the node's name. */
  | { readonly layers: readonly LayerParameter[] }
  /** The same, for several nodes at once. */
  | { readonly layers: readonly LayerParameter[]; readonly nodes: readonly string[] }
  /** Its value is its input's. */
  | { readonly same: string };

type LayerWriters = { readonly [Kind in LayerKind]: WriterOf<WriteCall<Kind>, Written> };

/** How each kind of layer is written in Caffe. */
export const layerWriters: LayerWriters = {
  activation({ node, bottom }) {
    const types = { relu: 'ReLU', sigmoid: 'Sigmoid', tanh: 'TanH', softrelu: 'BNLL', elu: 'ELU', softsign: undefined };
    const type = types[node.attributes.function];
    return type === undefined ? notIn('Caffe', 'is a softsign') : one({ name: node.name, type, bottom });
  },
  add: ({ node, bottom }) => one({ name: node.name, type: 'Eltwise', bottom, eltwise_param: { operation: 'SUM' } }),
  'batch-normalization': writeBatchNormalization,
  clip: writeClip,
  concat: ({ node, bottom }) => one({ name: node.name, type: 'Concat', bottom, concat_param: { axis: 1 } }),
  convolution: ({ node, bottom, blob }) => windows('Convolution', { node, bottom, blob }),
  deconvolution: ({ node, bottom, blob }) =>
    node.attributes.extra.some((cells) => cells > 0)
      ? notIn('Caffe', `makes images larger by ${node.attributes.extra.join(' x ')} further cells`)
      : windows('Deconvolution', { node, bottom, blob }),
  dropout({ node, bottom: [bottom = ''], isNeeded }) {
    if (!isNeeded) return { same: bottom };
    return one({
      name: node.name,
      type: 'Dropout',
      bottom: [bottom],
      dropout_param: { dropout_ratio: node.attributes.rate },
    });
  },
  'equalize-norms': notIn('Caffe', 'divides by the norms of positions (GNAP)'),
  erf: notIn('Caffe', 'is the error function (GELU)'),
  // InnerProduct flattens by itself, in the same order.
  flatten: ({ node, bottom: [bottom = ''], isNeeded }) =>
    isNeeded ? one({ name: node.name, type: 'Flatten', bottom: [bottom] }) : { same: bottom },
  'fully-connected'({ node, bottom, blob }) {
    const { units, bias } = node.attributes;
    const blobs = bias ? [blob('weight'), blob('bias')] : [blob('weight')];
    const product = { num_output: units, ...(bias ? {} : { bias_term: false }), axis: 1 };
    return one({ name: node.name, type: 'InnerProduct', bottom, blobs, inner_product_param: product });
  },
  identity: ({ node, bottom: [bottom = ''], isNeeded }) =>
    isNeeded ? one({ name: node.name, type: 'Power', bottom: [bottom] }) : { same: bottom },
  'minus-scalar': ({ node, bottom }) =>
    one({ name: node.name, type: 'Power', bottom, power_param: { shift: -node.attributes.scalar } }),
  multiply: writeMultiply,
  'multiply-scalar': ({ node, bottom }) =>
    one({ name: node.name, type: 'Power', bottom, power_param: { scale: node.attributes.scalar } }),
  pooling: writePooling,
  prelu: ({ node, bottom, blob }) =>
    one({ name: node.name, type: 'PReLU', bottom, blobs: [blob('gamma')], prelu_param: { channel_shared: false } }),
  slice: writeSlices,
  softmax: ({ node, bottom }) => one({ name: node.name, type: 'Softmax', bottom, softmax_param: { axis: 1 } }),
  // Of the Caffe of SSD, which OpenCV reads too; BVLC's has none.
  'unit-length': ({ node, bottom, inputShapes: [input = []] }) =>
    one({
      name: node.name,
      type: 'Normalize',
      bottom,
      blobs: [{ shape: { dim: [1] }, data: Float32Array.of(1) }],
      norm_param: { across_spatial: input.length === 1, channel_shared: true, eps: smallestNorm ** 2 },
    }),
};

/** What no value of a network reaches: a bound beyond it is none. In a difference it would take all digits of a value. */
const noBound = 1e30;

/** low + relu(x - low) - relu(x - high): no layer of Caffe's has bounds. Where one is missing, low + relu(x - low) or high - relu(high - x). */
function writeClip({ node: { name, attributes }, bottom }: WriteCall<'clip'>): Written {
  const { minimum, maximum } = attributes;
  const layers: LayerParameter[] = [];
  const step = (suffix: string, layer: LayerParameter): string => {
    const top = `${name}${suffix}`;
    layers.push({ name: top, top: [top], ...layer });
    return top;
  };
  const above = (suffix: string, bound: number): string => {
    const shifted =
      bound === 0 ? bottom : [step(`_from_${suffix}`, { type: 'Power', bottom, power_param: { shift: -bound } })];
    return step(`_above_${suffix}`, { type: 'ReLU', bottom: shifted });
  };
  const [isOpenBelow, isOpenAbove] = [minimum <= -noBound, maximum >= noBound];
  if (isOpenBelow && isOpenAbove) step('', { type: 'Power', bottom });
  else if (isOpenBelow) {
    const turned = { scale: -1, shift: maximum };
    const below = step('_below', { type: 'Power', bottom, power_param: turned });
    step('', { type: 'Power', bottom: [step('_rest', { type: 'ReLU', bottom: [below] })], power_param: turned });
  } else if (isOpenAbove) {
    step('', { type: 'Power', bottom: [above('low', minimum)], power_param: { shift: minimum } });
  } else {
    const difference = { type: 'Eltwise', bottom: [above('low', minimum), above('high', maximum)] };
    const eltwise = { ...difference, eltwise_param: { operation: 'SUM' as const, coeff: [1, -1] } };
    if (minimum === 0) step('', eltwise);
    else step('', { type: 'Power', bottom: [step('_range', eltwise)], power_param: { shift: minimum } });
  }
  return { layers };
}

interface WindowsCall extends Pick<WriteCall<'convolution'>, 'bottom' | 'blob'> {
  readonly node: Pick<LayerNodeOf<'convolution'>, 'name' | 'attributes'>;
}

/** A convolution, or the gradient of one, which is described alike. */
function windows(type: 'Convolution' | 'Deconvolution', { node, bottom, blob }: WindowsCall): Written {
  const { filters, kernel, stride, pad, groups, bias } = node.attributes;
  const convolution = {
    num_output: filters,
    ...(bias ? {} : { bias_term: false }),
    ...listedSides('pad', pad, 0),
    ...listedSides('kernel', kernel),
    ...(groups === 1 ? {} : { group: groups }),
    ...listedSides('stride', stride, 1),
  };
  const blobs = bias ? [blob('weight'), blob('bias')] : [blob('weight')];
  return one({ name: node.name, type, bottom, blobs, convolution_param: convolution });
}

/** A layer with one top, named as the layer itself. */
function one({
  name,
  type,
  bottom,
  ...rest
}: LayerParameter & Required<Pick<LayerParameter, 'name' | 'type' | 'bottom'>>): Written {
  return { layers: [{ name, type, bottom, top: [name], ...rest }] };
}

/** BatchNorm, and in place behind it a Scale for gamma and beta; the third blob divides the statistics, by 1 here. */
function writeBatchNormalization({ node, bottom, blob }: WriteCall<'batch-normalization'>): Written {
  const { name, attributes } = node;
  const factor = { shape: { dim: [1] }, data: Float32Array.of(1) };
  return {
    layers: [
      {
        name,
        type: 'BatchNorm',
        bottom,
        top: [name],
        blobs: [blob('moving_mean'), blob('moving_var'), factor],
        batch_norm_param: {
          use_global_stats: true,
          moving_average_fraction: attributes.momentum,
          eps: attributes.epsilon,
        },
      },
      {
        name: `${name}_scale`,
        type: 'Scale',
        bottom: [name],
        top: [name],
        blobs: [blob('gamma'), blob('beta')],
        scale_param: { bias_term: true },
      },
    ],
  };
}

/** All slices of one blob are one layer in Caffe. */
function writeSlices({ node, graph, bottom: [bottom = ''], inputShapes: [input = []] }: WriteCall<'slice'>): Written {
  const slices = graph.layers.flatMap((other) =>
    other.kind === 'slice' && other.inputs[0] === node.inputs[0] ? [other] : [],
  );
  const layers = sliceLayers(slices, { bottom, channels: input[0] ?? 0 });
  return { layers, nodes: slices.map(({ name }) => name) };
}

/** Two values of one shape; or one factor per channel, which Scale takes as a row beside its input from axis 0 on. */
function writeMultiply({ node, bottom, inputShapes }: WriteCall<'multiply'>): Written {
  const { name } = node;
  const [value = '', factors = ''] = bottom;
  const [valueShape = [], factorShape = []] = inputShapes;
  const isSame =
    valueShape.length === factorShape.length && valueShape.every((size, axis) => size === factorShape[axis]);
  if (isSame) return one({ name, type: 'Eltwise', bottom, eltwise_param: { operation: 'PROD' } });
  const row = `${name}_factors`;
  const flatten = { name: row, type: 'Flatten', bottom: [factors], top: [row] };
  const isFlat = factorShape.length === 1;
  const taken = isFlat ? factors : row;
  const product =
    valueShape.length === 1
      ? { type: 'Eltwise', eltwise_param: { operation: 'PROD' as const } }
      : { type: 'Scale', scale_param: { axis: 0 } };
  return { layers: [...(isFlat ? [] : [flatten]), { name, bottom: [value, taken], top: [name], ...product }] };
}

/** Caffe rounds up where MXNet's `valid` convention rounds down; it is told only where that makes a difference. */
function writePooling({ node, bottom, inputShapes: [input = []] }: WriteCall<'pooling'>): Written | NotExpressible {
  const { attributes, name } = node;
  if (attributes.function === 'average-inside' && attributes.pad.some((cells) => cells > 0)) {
    return notIn('Caffe', 'leaves padding out of its means');
  }
  const pool = attributes.function === 'max' ? ('MAX' as const) : ('AVE' as const);
  if (attributes.global) return one({ name, type: 'Pooling', bottom, pooling_param: { pool, global_pooling: true } });
  const size: Pair = [input[1] ?? 0, input[2] ?? 0];
  const isFloor = attributes.convention === 'valid' && !isSameBothWays(size, attributes);
  const pooling = {
    pool,
    ...singleSides('kernel', attributes.kernel),
    ...singleSides('stride', attributes.stride, 1),
    ...singleSides('pad', attributes.pad, 0),
    ...(isFloor ? { round_mode: 'FLOOR' as const } : {}),
  };
  return one({ name, type: 'Pooling', bottom, pooling_param: pooling });
}

function isSameBothWays(size: Pair, window: Window): boolean {
  const [down, up] = [windowPositions(size, window, 'valid'), windowPositions(size, window, 'full')];
  return down[0] === up[0] && down[1] === up[1];
}

type SideNames = 'kernel' | 'stride' | 'pad';

/** As convolutions have them: lists of one number for both sides. Left out where it is Caffe's default. */
function listedSides(name: SideNames, [height, width]: Pair, otherwise?: number): LayerParameter['convolution_param'] {
  if (height === otherwise && width === otherwise) return {};
  return height === width ? { [nameOf(name)]: [height] } : { [`${name}_h`]: height, [`${name}_w`]: width };
}

/** As poolings have them. */
function singleSides(name: SideNames, [height, width]: Pair, otherwise?: number): LayerParameter['pooling_param'] {
  if (height === otherwise && width === otherwise) return {};
  return height === width ? { [nameOf(name)]: height } : { [`${name}_h`]: height, [`${name}_w`]: width };
}

function nameOf(name: SideNames): string {
  return name === 'kernel' ? 'kernel_size' : name;
}
