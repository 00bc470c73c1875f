import type { BlobProto, LayerParameter } from '../../../codec/caffe/schema.ts';
import type { LayerNodeOf } from '../../graph/graph.ts';
import type { LayerKind } from '../../graph/layers/index.ts';
import type { FeatureShape } from '../../graph/layers/layer-definition.ts';
import { type Pair, type Window, windowPositions } from '../../graph/layers/window.ts';

/** A layer of the graph on its way to Caffe. */
export interface WriteCall<Kind extends LayerKind> {
  readonly node: LayerNodeOf<Kind>;
  /** Blobs it takes. */
  readonly bottom: readonly string[];
  readonly inputShapes: readonly FeatureShape[];
  /** A parameter with its values. */
  readonly blob: (suffix: string) => BlobProto;
  /** Whether its value has to exist: it is a result, or something other than a fully connected layer takes it. */
  readonly isNeeded: boolean;
}

export type Written =
  /** The layers that stand for it; the last gives a blob of the node's name. */
  | { readonly layers: readonly LayerParameter[] }
  /** Its value is its input's. */
  | { readonly same: string }
  /** Caffe has nothing for it; goes on after the layer's name. */
  | { readonly problem: string };

type LayerWriters = { readonly [Kind in LayerKind]: (call: WriteCall<Kind>) => Written };

/** How each kind of layer is said in Caffe. Slices of one input are one layer there: write-net.ts. */
export const layerWriters: Omit<LayerWriters, 'slice'> = {
  activation({ node, bottom }) {
    const types = { relu: 'ReLU', sigmoid: 'Sigmoid', tanh: 'TanH', softrelu: 'BNLL', softsign: undefined };
    const type = types[node.attributes.function];
    return type === undefined ? { problem: 'is a softsign, which Caffe lacks' } : one(node.name, type, bottom);
  },
  add: ({ node, bottom }) => one(node.name, 'Eltwise', bottom, { eltwise_param: { operation: 'SUM' } }),
  'batch-normalization': writeBatchNormalization,
  concat: ({ node, bottom }) => one(node.name, 'Concat', bottom, { concat_param: { axis: 1 } }),
  convolution({ node, bottom, blob }) {
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
    return one(node.name, 'Convolution', bottom, { blobs, convolution_param: convolution });
  },
  dropout({ node, bottom: [bottom = ''], isNeeded }) {
    if (!isNeeded) return { same: bottom };
    return one(node.name, 'Dropout', [bottom], { dropout_param: { dropout_ratio: node.attributes.rate } });
  },
  'equalize-norms': () => ({ problem: 'divides by the norms of positions (GNAP), which Caffe has no layer for' }),
  // InnerProduct flattens by itself, in the same order.
  flatten: ({ node, bottom: [bottom = ''], isNeeded }) =>
    isNeeded ? one(node.name, 'Flatten', [bottom]) : { same: bottom },
  'fully-connected'({ node, bottom, blob }) {
    const { units, bias } = node.attributes;
    const blobs = bias ? [blob('weight'), blob('bias')] : [blob('weight')];
    const product = { num_output: units, ...(bias ? {} : { bias_term: false }), axis: 1 };
    return one(node.name, 'InnerProduct', bottom, { blobs, inner_product_param: product });
  },
  identity: ({ node, bottom: [bottom = ''], isNeeded }) =>
    isNeeded ? one(node.name, 'Power', [bottom]) : { same: bottom },
  'minus-scalar': ({ node, bottom }) =>
    one(node.name, 'Power', bottom, { power_param: { shift: -node.attributes.scalar } }),
  multiply: writeMultiply,
  'multiply-scalar': ({ node, bottom }) =>
    one(node.name, 'Power', bottom, { power_param: { scale: node.attributes.scalar } }),
  pooling: writePooling,
  prelu: ({ node, bottom, blob }) =>
    one(node.name, 'PReLU', bottom, { blobs: [blob('gamma')], prelu_param: { channel_shared: false } }),
  softmax: ({ node, bottom }) => one(node.name, 'Softmax', bottom, { softmax_param: { axis: 1 } }),
};

function one(name: string, type: string, bottom: readonly string[], rest: LayerParameter = {}): Written {
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

/** Two values of one shape; or one factor per channel, which Scale takes as a row beside its input from axis 0 on. */
function writeMultiply({ node, bottom, inputShapes }: WriteCall<'multiply'>): Written {
  const { name } = node;
  const [value = '', factors = ''] = bottom;
  const [valueShape = [], factorShape = []] = inputShapes;
  const isSame =
    valueShape.length === factorShape.length && valueShape.every((size, axis) => size === factorShape[axis]);
  if (isSame) return one(name, 'Eltwise', bottom, { eltwise_param: { operation: 'PROD' } });
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
function writePooling({ node, bottom, inputShapes: [input = []] }: WriteCall<'pooling'>): Written {
  const { attributes, name } = node;
  const pool = attributes.function === 'max' ? ('MAX' as const) : ('AVE' as const);
  if (attributes.global) return one(name, 'Pooling', bottom, { pooling_param: { pool, global_pooling: true } });
  const size: Pair = [input[1] ?? 0, input[2] ?? 0];
  const isFloor = attributes.convention === 'valid' && !isSameBothWays(size, attributes);
  const pooling = {
    pool,
    ...singleSides('kernel', attributes.kernel),
    ...singleSides('stride', attributes.stride, 1),
    ...singleSides('pad', attributes.pad, 0),
    ...(isFloor ? { round_mode: 'FLOOR' as const } : {}),
  };
  return one(name, 'Pooling', bottom, { pooling_param: pooling });
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
