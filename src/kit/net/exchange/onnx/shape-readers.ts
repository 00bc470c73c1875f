import { elementCount } from '../../graph/feature-shape.ts';
import { constantOf } from './constant.ts';
import type { OnnxNodeReader, OnnxValue } from './onnx-node.ts';

type Sizes = readonly (number | 'batch')[];

export function readConcat(node: OnnxNodeReader): OnnxValue {
  const values = Array.from({ length: node.inputCount }, (_, index) => node.value(index));
  const sizes = values.map((value) => sizesOf(value));
  // The sizes that exporters put together for a Reshape.
  if (sizes.every((part) => part !== undefined)) return { is: 'sizes', sizes: sizes.flat() };
  const axis = node.integer('axis', 1);
  const inputs = values.map((_, index) => node.layerInput(index));
  if (axis !== 1 && axis + (node.shapeOf(inputs[0] ?? '').length + 1) !== 1) node.refuse('axis 1');
  return node.layer({ kind: 'concat', inputs, attributes: {} });
}

export function readSlice(node: OnnxNodeReader): OnnxValue {
  const list = (index: number, name: string): readonly number[] | undefined => {
    const constant = node.optionalConstant(index);
    return constant === undefined ? node.integers(name) : [...constant.values];
  };
  const [begin = 0, ...more] = list(1, 'starts') ?? [];
  const [end = 0] = list(2, 'ends') ?? [];
  const [axis = 0] = list(3, 'axes') ?? [];
  if (more.length > 0 || (list(4, 'steps') ?? [1])[0] !== 1) node.refuse('one axis, and step 1');
  const sizes = sizesOf(node.value(0));
  if (sizes !== undefined) return { is: 'sizes', sizes: sizes.slice(begin, end) };
  const input = node.layerInput(0);
  if (axis !== 1) node.refuse('axis 1');
  const [channels = 0] = node.shapeOf(input);
  const place = (position: number): number => Math.min(position < 0 ? position + channels : position, channels);
  return node.layer({ kind: 'slice', inputs: [input], attributes: { begin: place(begin), end: place(end) } });
}

export function readSplit(node: OnnxNodeReader): readonly OnnxValue[] {
  const input = node.layerInput(0);
  if (node.integer('axis', 0) !== 1) node.refuse('axis 1');
  const [channels = 0] = node.shapeOf(input);
  const given = node.optionalConstant(1)?.values ?? node.integers('split');
  if (node.integer('num_outputs', node.outputCount) !== node.outputCount) node.refuse('as many outputs as num_outputs');
  const even = Math.ceil(channels / node.outputCount);
  const sum = given === undefined ? channels : [...given].reduce((total, part) => total + part, 0);
  if (sum !== channels) node.refuse(`parts that make its ${channels} channels, found ${sum}`);
  let begin = 0;
  return Array.from({ length: node.outputCount }, (_, index) => {
    const end = Math.min(channels, begin + (given?.[index] ?? even));
    const part = node.part(String(index), { kind: 'slice', inputs: [input], attributes: { begin, end } });
    begin = end;
    return part;
  });
}

export function readFlatten(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  if (node.integer('axis', 1) !== 1) node.refuse('axis 1');
  return node.layer({ kind: 'flatten', inputs: [input], attributes: {} });
}

/** Only what makes rows, or an image of one cell of a row. */
export function readReshape(node: OnnxNodeReader): OnnxValue {
  const input = node.layerInput(0);
  const target = sizesOf(node.value(1)) ?? node.integers('shape') ?? [];
  const from = node.shapeOf(input);
  const length = elementCount(from);
  if (node.integer('allowzero', 0) !== 0 && target.includes(0)) node.refuse('allowzero 0 where a size is 0');
  const [rows, size, ...cell] = target;
  if (rows !== 'batch' && ![0, -1, 1, node.batch].includes(rows)) {
    node.refuse(`a row for each image, found ${String(rows)} rows`);
  }
  const isLength = size === -1 || size === length || (size === 0 && from.length === 1);
  if (target.length === 2 && isLength) return node.layer({ kind: 'flatten', inputs: [input], attributes: {} });
  if (target.length === 4 && length === from[0] && isLength && cell.every((side) => side === 1)) {
    return { is: 'layer', layer: input };
  }
  return node.refuse(`the shape of rows, [0, -1], found [${target.join(', ')}]`);
}

/** Axes of size one come and go: a row is multiplied with a map as a map of one cell would be. */
export function readAxes(node: OnnxNodeReader): OnnxValue {
  const value = node.value(0);
  const sizes = sizesOf(value);
  const given = node.optionalConstant(1)?.values ?? node.integers('axes') ?? [];
  if (sizes !== undefined) return { is: 'sizes', sizes };
  const input = node.layerInput(0);
  const axes = [...given].map((axis) => (axis + 4) % 4);
  if (axes.sort((a, b) => a - b).join() !== '2,3') node.refuse('axes 2 and 3');
  return node.op === 'Unsqueeze'
    ? { is: 'layer', layer: input }
    : node.layer({ kind: 'flatten', inputs: [input], attributes: {} });
}

export function readShape(node: OnnxNodeReader): OnnxValue {
  const sizes = ['batch' as const, ...node.shapeOf(node.layerInput(0))];
  return { is: 'sizes', sizes: sizes.slice(node.integer('start', 0), node.integer('end', sizes.length)) };
}

export function readGather(node: OnnxNodeReader): OnnxValue {
  const sizes = sizesOf(node.value(0));
  if (sizes === undefined || node.integer('axis', 0) !== 0) return node.refuse('sizes as input 0');
  const picked = [...node.constant(1).values].map((index) => sizes.at(index) ?? node.refuse('an index of a size'));
  return { is: 'sizes', sizes: picked };
}

export function readConstant(node: OnnxNodeReader): OnnxValue {
  const tensor = node.attribute('value')?.t;
  if (tensor !== undefined) return { is: 'constant', constant: constantOf(tensor, node.file) };
  const [float, integer] = [node.attribute('value_float'), node.attribute('value_int')];
  const single = float === undefined ? integer && (integer.i ?? 0) : (float.f ?? 0);
  if (single !== undefined) return { is: 'constant', constant: { name: '', dims: [], values: [single] } };
  const { floats = new Float32Array(0) } = node.attribute('value_floats') ?? {};
  const values = floats.length > 0 ? floats : (node.integers('value_ints') ?? node.refuse('a tensor of numbers'));
  return { is: 'constant', constant: { name: '', dims: [values.length], values } };
}

/** Numbers that may be sizes: the value of a Shape, or constants. */
function sizesOf(value: OnnxValue | undefined): Sizes | undefined {
  if (value?.is === 'sizes') return value.sizes;
  return value?.is === 'constant' && value.constant.dims.length <= 1 ? [...value.constant.values] : undefined;
}
