import type { Cursor } from '../cursor.ts';
import { decodePickle } from './pickle.ts';
import { isKind, type PickleArray, type PickleDict, type PickleValue } from './pickle-value.ts';
import type { ShardArray } from '../tfjs/weight-shards.ts';

/*
 * Arrays in a dictionary of dictionaries, as old converters of Caffe networks left them: `numpy.save` of
 * {layer: {'weights': array, 'biases': array}} (NumPy, "NPY format", version 1; the content is a pickle, since it is an
 * object). Read as data, like every pickle here; text of Python 2 is latin-1.
 */
const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];

/** Reads the arrays, named `<layer>/<array>`. Fails with `damaged-file` and `pickle-refused`. */
export function readPickledArrays(cursor: Cursor): Map<string, ShardArray> {
  const start = cursor.take(magic.length, 'the magic number');
  if (!magic.every((byte, index) => byte === start[index])) cursor.damaged('expected the magic number of NumPy', 0);
  const version = cursor.u8('the version');
  cursor.u8('the minor version');
  const length = version === 1 ? cursor.u16('the length of the header') : cursor.u32('the length of the header');
  const header = Buffer.from(cursor.take(length, 'the header')).toString('latin1');
  if (!/'descr':\s*'\|O'/.test(header))
    cursor.damaged(`expected an object in it ('descr': '|O'), found ${header.trim()}`, 10);
  const at = cursor.offset;
  const content = unwrapped(decodePickle(cursor));
  if (!isKind(content, 'dict')) return cursor.damaged('expected a dictionary of layers', at);
  const arrays = new Map<string, ShardArray>();
  for (const [layer, inner] of namedEntries(content)) {
    if (!isKind(inner, 'dict')) return cursor.damaged(`expected a dictionary of the arrays of layer "${layer}"`, at);
    for (const [name, array] of namedEntries(inner)) {
      if (!isKind(array, 'array')) return cursor.damaged(`expected ${name} of layer "${layer}" to be an array`, at);
      arrays.set(
        `${layer}/${name}`,
        arrayOf(array) ?? cursor.damaged(`${name} of layer "${layer}" is not float32`, at),
      );
    }
  }
  return arrays;
}

/** What stands in an array without dimensions. */
function unwrapped(value: PickleValue): PickleValue {
  if (!isKind(value, 'array') || value.data instanceof Uint8Array) return value;
  return value.data[0] ?? null;
}

/** Keys are text, or byte strings of Python 2. */
function namedEntries({ entries }: PickleDict): [string, PickleValue][] {
  return entries.flatMap(([key, value]): [string, PickleValue][] => {
    if (key instanceof Uint8Array) return [[Buffer.from(key).toString('latin1'), value]];
    return typeof key === 'string' ? [[key, value]] : [];
  });
}

/** Undefined for other elements than float32. */
function arrayOf({ dtype, shape, data, fortranOrder, littleEndian }: PickleArray): ShardArray | undefined {
  if (dtype !== 'f4' || !littleEndian || !(data instanceof Uint8Array)) return undefined;
  const values = new Float32Array(Uint8Array.from(data).buffer);
  return { shape, values: fortranOrder ? rowByRow(values, shape) : values };
}

/** From column-major order. */
function rowByRow(values: Float32Array, shape: readonly number[]): Float32Array {
  const strides = shape.map((_, axis) => shape.slice(0, axis).reduce((product, size) => product * size, 1));
  return values.map((_, index) => {
    let rest = index;
    let from = 0;
    for (let axis = shape.length - 1; axis >= 0; axis -= 1) {
      const size = shape[axis] ?? 1;
      from += (rest % size) * (strides[axis] ?? 0);
      rest = Math.floor(rest / size);
    }
    return values[from] ?? NaN;
  });
}
