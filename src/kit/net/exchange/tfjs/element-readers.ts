import { addDifference } from '../composed-layers.ts';
import { type Arithmetic, perChannelLayer, scalarLayer } from '../constant-layers.ts';
import { elementCount } from '../../graph/feature-shape.ts';
import type { GraphNodeReader } from './graph-node.ts';
import { fromTensorflow } from './kernel-layout.ts';
import { weightedLayer } from './weighted-layer.ts';
import type { Constant, TensorflowValue } from './tensorflow-value.ts';

/** Two computed values, or one and a constant: a scalar, or one number per channel; also the steps of norms and of softsign. */
export function readArithmetic(node: GraphNodeReader): TensorflowValue {
  const [left, right] = [node.value(0), node.value(1)];
  if ('of' in left || 'of' in right) return withStep(node, left, right);
  if (left.is === 'layer' && right.is === 'layer') return ofTwoLayers(node, left.layer, right.layer);
  if (left.is === 'layer' && right.is === 'constant') return withConstant(node, left.layer, right.constant);
  if (left.is === 'constant' && right.is === 'layer' && commutes(node)) {
    return withConstant(node, right.layer, left.constant);
  }
  return node.refuse('a computed value, and another one or a constant after it');
}

const operations: Readonly<Record<string, Arithmetic>> = {
  ...{ Add: 'Add', AddV2: 'Add', BiasAdd: 'Add', Sub: 'Sub', Mul: 'Mul', RealDiv: 'Div' },
};

function commutes({ op }: GraphNodeReader): boolean {
  return ['Add', 'AddV2', 'Mul', 'Maximum', 'Minimum'].includes(op);
}

function ofTwoLayers(node: GraphNodeReader, left: string, right: string): TensorflowValue {
  const operation = operations[node.op];
  if (operation === 'Add') return node.layer({ kind: 'add', inputs: [left, right], attributes: {} });
  if (operation === 'Sub') return { is: 'layer', layer: addDifference(node.adding, left, right) };
  if (operation !== 'Mul') return node.refuse('a constant as input 1');
  const swaps = elementCount(node.shapeOf(left).slice(1)) < elementCount(node.shapeOf(right).slice(1));
  return node.layer({ kind: 'multiply', inputs: swaps ? [right, left] : [left, right], attributes: {} });
}

function withConstant(node: GraphNodeReader, input: string, { dims, values }: Constant): TensorflowValue {
  const operation = operations[node.op] ?? node.refuse('an operation of numbers');
  const [scalar = 0] = values;
  const [channels = 0, ...size] = node.shapeOf(input);
  const [last, ...others] = dims.toReversed();
  if (dims.length > size.length + 2 || others.some((side) => side !== 1)) {
    return node.refuse('a scalar or one number for each channel as constant');
  }
  if (values.length === 1) return node.layer(scalarLayer(operation, input, scalar));
  if (last !== channels) return node.refuse(`one number for each of ${channels} channels, found ${values.length}`);
  const { layer, parameters } = perChannelLayer(operation, input, values);
  const arrays = Object.entries(parameters).map(([suffix, array]) => {
    return [suffix, { dims: [channels], values: array }] as const;
  });
  return node.layer(layer, Object.fromEntries(arrays));
}

/** What keeps a norm from being 0 must not change others. */
const smallest = 1e-6;

function withStep(node: GraphNodeReader, first: TensorflowValue, second: TensorflowValue): TensorflowValue {
  const [other, step] = 'of' in first && commutes(node) ? [second, first] : [first, second];
  if (!('of' in step)) return node.refuse('a value that is divided by after it');
  const operation = `${operations[node.op] ?? node.op} ${step.is}`;
  if (other.is === 'constant') {
    const [number = NaN] = other.constant.values;
    if (operation === 'Add magnitude' && number === 1) return node.step('magnitude and one', step.of);
    const isKept = ['Add sum of squares', 'Maximum sum of squares', 'Maximum norm'].includes(operation);
    if (isKept && number >= 0 && number <= smallest) return step;
  }
  const isOwn = 'of' in other && other.of === step.of;
  if (operation === 'Div norm' && isOwn && other.is === 'mean norm') return node.step('norm factors', step.of);
  if (other.is === 'layer' && other.layer === step.of) {
    const inputs = [step.of];
    if (operation === 'Div norm' || operation === 'Mul inverse norm') {
      return node.layer({ kind: 'unit-length', inputs, attributes: {} });
    }
    if (operation === 'Mul norm factors') return node.layer({ kind: 'equalize-norms', inputs, attributes: {} });
    if (operation === 'Div magnitude and one') {
      return node.layer({ kind: 'activation', inputs, attributes: { function: 'softsign' } });
    }
  }
  return node.refuse('a value with the norm of its own channels, or with 1 + |x|');
}

/** The greatest float32: as a bound it excludes nothing. */
const greatest = 3.4028234663852886e38;

/** Maximum and Minimum with a number. */
export function readBounds(node: GraphNodeReader): TensorflowValue {
  const [left, right] = [node.value(0), node.value(1)];
  if ('of' in left || 'of' in right) return withStep(node, left, right);
  const [input, bound] = left.is === 'constant' ? [right, left] : [left, right];
  if (input.is !== 'layer' || bound.is !== 'constant' || bound.constant.values.length !== 1) {
    return node.refuse('a computed value and a number');
  }
  const [number = 0] = bound.constant.values;
  const bounds =
    node.op === 'Maximum' ? { minimum: number, maximum: greatest } : { minimum: -greatest, maximum: number };
  return node.layer({ kind: 'clip', inputs: [input.layer], attributes: bounds });
}

export function readClip(node: GraphNodeReader): TensorflowValue {
  const input = node.layerInput(0);
  const [minimum = NaN, maximum = NaN] = [1, 2].flatMap((index) => [...node.constant(index).values]);
  return node.layer({ kind: 'clip', inputs: [input], attributes: { minimum, maximum } });
}

/** Rows, which other programs than ours do not normalise, stand between two Reshapes. */
export function readBatchNormalization(node: GraphNodeReader): TensorflowValue {
  const input = node.layerInput(0);
  const [channels = 0, ...size] = node.shapeOf(input);
  const [gamma, beta, mean, variance] = [1, 2, 3, 4].map((index) => {
    const { name, values } = node.constant(index);
    return { name, dims: [values.length], values };
  });
  if (gamma === undefined || beta === undefined || mean === undefined || variance === undefined) {
    return node.refuse('four parameters');
  }
  node.checkLayout();
  // Left out it is what TensorFlow.js takes, which differs from TensorFlow's 1e-4.
  const attributes = { epsilon: node.number('epsilon', 1e-3), momentum: 0.9, fixGamma: false };
  const layer = { kind: 'batch-normalization', inputs: [input], attributes } as const;
  const parameters = { gamma, beta, moving_mean: mean, moving_var: variance };
  const isRow = size.length === 0;
  const named = isRow
    ? node.with(['Reshape'], (user) => (isRowOf(user, channels) ? user.layer(layer, parameters) : undefined))
    : undefined;
  return named ?? node.layer(layer, parameters);
}

function isRowOf(node: GraphNodeReader, channels: number): boolean {
  const [, length, ...others] = node.integers(1);
  return length === channels && others.length === 0;
}

/** Rows of cells, as TensorFlow flattens images, have the weights in another order than rows of planes. */
export function readDense(node: GraphNodeReader): TensorflowValue {
  const rows = node.value(0);
  if (rows.is !== 'layer' && rows.is !== 'cells') return node.refuse('rows as input 0');
  const shape = node.shapeOf(rows.layer);
  if (rows.is === 'layer' && shape.length !== 1) node.refuse('rows as input 0');
  if (node.flag('transpose_a')) node.refuse('transpose_a false');
  const { name, dims, values } = node.constant(1);
  const [first = 0, second = 0] = dims;
  if (dims.length !== 2) node.refuse('a weight of two dimensions');
  const isTurned = node.flag('transpose_b');
  const [units, ins] = isTurned ? [first, second] : [second, first];
  if (ins !== elementCount(shape)) node.refuse(`a weight for ${elementCount(shape)} inputs, found ${ins}`);
  const byUnit = isTurned ? values : fromTensorflow(values, [1, 1, ins, units]);
  const weight = { name, dims: [units, ins], values: rows.is === 'cells' ? byPlanes(byUnit, shape) : byUnit };
  return weightedLayer(node, { outputs: units, parameters: { weight } }, (bias) => {
    return { kind: 'fully-connected', inputs: [rows.layer], attributes: { units, bias } };
  });
}

/** Weights for rows of cells, [height, width, channels] of each unit, as those for rows of planes. */
function byPlanes(values: Float32Array, [channels = 0, height = 1, width = 1]: readonly number[]): Float32Array {
  const [cells, inputs] = [height * width, channels * height * width];
  const copy = new Float32Array(values.length);
  for (let start = 0; start < values.length; start += inputs) {
    const unit = values.subarray(start, start + inputs);
    copy.set(fromTensorflow(unit, [1, cells, channels, 1]), start);
  }
  return copy;
}
