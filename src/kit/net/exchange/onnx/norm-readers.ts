import type { OnnxNodeReader, OnnxValue } from './onnx-node.ts';

/*
 * A value divided by the norm of its channels is one layer, and comes in many spellings:
 *
 *   LpNormalization
 *   ReduceL2 - [Clip, Max or Add with a small number] - [Expand] - x / norm        PyTorch's F.normalize, norm()
 *   ReduceSumSquare - [Max] - Sqrt - x / norm, or Reciprocal - x * inverse         TensorFlow's l2_normalize
 */

/** What keeps a norm from being 0 must not change others. */
const smallest = 1e-6;

export function readUnitLength(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const rank = node.shapeOf(input).length + 1;
  if (node.integer('p', 2) !== 2) node.refuse('p 2');
  if ((node.integer('axis', -1) + rank) % rank !== 1) node.refuse('axis 1');
  return unitLength(node, input);
}

/** ReduceL2 and ReduceSumSquare over the channels. */
export function readNorm(node: OnnxNodeReader): OnnxValue {
  const of = node.layerInput(0);
  const rank = node.shapeOf(of).length + 1;
  const axes = [...(node.optionalConstant(1)?.values ?? node.integers('axes') ?? [])];
  if (axes.map((axis) => (axis + rank) % rank).join() !== '1') node.refuse('axis 1');
  if (node.integer('keepdims', 1) !== 1) node.refuse('keepdims 1');
  return { is: 'norm', of, form: node.op === 'ReduceL2' ? 'norm' : 'square' };
}

/** Sqrt of a square, and Reciprocal of a norm. */
export function readRoot(node: OnnxNodeReader): OnnxValue {
  const value = node.value(0);
  if (value?.is !== 'norm') return node.refuse('the norm of channels as input 0');
  const isRoot = node.op === 'Sqrt';
  if (value.form !== (isRoot ? 'square' : 'norm')) return node.refuse('a norm that is divided by after it');
  return { ...value, form: isRoot ? 'norm' : 'inverse' };
}

/** Clip, Max, Add and Expand of a norm leave it what it is; undefined for anything else. */
export function passesNorm(node: OnnxNodeReader): OnnxValue | undefined {
  const [first, second] = [node.value(0), node.op === 'Expand' ? undefined : node.value(1)];
  const norm = first?.is === 'norm' ? first : second;
  if (norm?.is !== 'norm') return undefined;
  if (node.op === 'Expand') {
    node.value(1);
    return norm;
  }
  const bounds = [first, second, node.value(2)].flatMap((value) => {
    if (value === undefined || value === norm) return [];
    return value.is === 'constant' ? [...value.constant.values] : [NaN];
  });
  const [bound = node.float('min', 0), upper = Infinity] = bounds;
  if (!(bound >= 0 && bound <= smallest) || upper < 1e30) node.refuse(`at most ${smallest} beside a norm`);
  return norm;
}

/** x / norm, and x * inverse; undefined unless it is one. */
export function dividedByNorm(node: OnnxNodeReader): OnnxValue | undefined {
  const [left, right] = [node.value(0), node.value(1)];
  const [x, norm] = left?.is === 'norm' && node.op === 'Mul' ? [right, left] : [left, right];
  if (norm?.is !== 'norm') return undefined;
  const form = node.op === 'Div' ? 'norm' : 'inverse';
  if (x?.is !== 'layer' || x.layer !== norm.of || norm.form !== form) {
    return node.refuse('a value to be divided by the norm of its own channels');
  }
  return unitLength(node, x.layer);
}

function unitLength(node: OnnxNodeReader, input: string): OnnxValue {
  return node.layer({ kind: 'unit-length', inputs: [input], attributes: {} });
}
