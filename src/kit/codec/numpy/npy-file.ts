import type { FileFormat } from '../codec.ts';
import { Cursor } from '../cursor.ts';
import { firstArrays } from '../description.ts';
import { decodePickle } from '../pickle/pickle-reader.ts';
import { isKind, type PickleArray, type PickleDict, type PickleValue } from '../pickle/pickle-values.ts';
import type { ShardArray } from '../tfjs/weight-shards.ts';
import { decodeNpy, npyMagic, type NpyArray } from './npy.ts';

/** One array, or, as old converters of Caffe networks left them, a pickled dictionary of arrays by `<layer>/<array>`. */
export type NpyContent =
  | { readonly kind: 'array'; readonly array: NpyArray }
  | { readonly kind: 'dictionary'; readonly arrays: ReadonlyMap<string, ShardArray> };

export const npyFile: FileFormat<NpyContent> = {
  name: 'npy',
  title: 'NumPy array (.npy)',
  summary: 'One array as numpy.save writes it, or the weights of a network by layer.',
  endings: ['.npy'],
  sniff: (head) => Buffer.from(head.subarray(0, 6)).toString('latin1') === npyMagic,
  decode(cursor) {
    const start = cursor.offset;
    const bytes = cursor.take(cursor.remaining, 'an array');
    const again = new Cursor(bytes, cursor.file, start);
    // The header says `|O` where the content is an object, that is a pickle; it is 118 bytes long as numpy writes it.
    return Buffer.from(bytes.subarray(0, 256)).includes("'|O'")
      ? { kind: 'dictionary', arrays: readPickledArrays(again) }
      : { kind: 'array', array: wholeArray(again) };
  },
  describe(cursor) {
    const content = npyFile.decode(cursor);
    if (content.kind === 'array') {
      const { type, shape } = content.array;
      return {
        facts: [
          { name: 'shape', value: shape.length === 0 ? 'one number' : shape.join(' x ') },
          { name: 'element type', value: type },
        ],
      };
    }
    const arrays = [...content.arrays];
    return {
      facts: [
        { name: 'layers', value: new Set(arrays.map(([name]) => name.split('/')[0])).size },
        { name: 'arrays', value: arrays.length },
        { name: 'numbers', value: arrays.reduce((sum, [, { values }]) => sum + values.length, 0) },
        { name: 'first arrays', value: firstArrays(arrays.map(([name, { shape }]) => ({ name, shape }))) },
      ],
      notes: ['A dictionary of arrays by layer, in a Python pickle; read as data.'],
    };
  },
};

function wholeArray(cursor: Cursor): NpyArray {
  const array = decodeNpy(cursor);
  cursor.expectEnd('the array');
  return array;
}

/*
 * Arrays in a dictionary of dictionaries, as old converters of Caffe networks left them: `numpy.save` of
 * {layer: {'weights': array, 'biases': array}} (NumPy, "NPY format", version 1; the content is a pickle, since it is an
 * object). Read as data, like every pickle here; text of Python 2 is latin-1.
 */
/** Reads the arrays, named `<layer>/<array>`. Fails with `damaged-file` and `pickle-refused`. */
export function readPickledArrays(cursor: Cursor): Map<string, ShardArray> {
  const magic = Buffer.from(cursor.take(npyMagic.length, 'the magic number')).toString('latin1');
  if (magic !== npyMagic) cursor.damaged('expected the magic number of NumPy', 0);
  const version = cursor.u8('the version');
  cursor.u8('the minor version');
  const length = version === 1 ? cursor.u16('the length of the header') : cursor.u32('the length of the header');
  const header = Buffer.from(cursor.take(length, 'the header')).toString('latin1');
  if (!/'descr':\s*'\|O'/.test(header))
    cursor.damaged(`expected an object in it ('descr': '|O'), found ${header.trim()}`, 10);
  const at = cursor.offset;
  const content = unwrapped(decodePickle(cursor));
  cursor.expectEnd('the pickle');
  if (!isKind(content, 'dict')) return cursor.damaged('expected a dictionary of layers', at);
  const refuseKey = (key: PickleValue): never =>
    cursor.damaged(
      `expected names as keys, each once, found ${typeof key === 'object' ? 'another value' : String(key)}`,
      at,
    );
  const arrays = new Map<string, ShardArray>();
  for (const [layer, inner] of namedEntries(content, refuseKey)) {
    if (!isKind(inner, 'dict')) return cursor.damaged(`expected a dictionary of the arrays of layer "${layer}"`, at);
    for (const [name, array] of namedEntries(inner, refuseKey)) {
      if (!isKind(array, 'array')) return cursor.damaged(`expected ${name} of layer "${layer}" to be an array`, at);
      arrays.set(
        `${layer}/${name}`,
        arrayOf(array) ?? cursor.damaged(`${name} of layer "${layer}" is not float32`, at),
      );
    }
  }
  return arrays;
}

/** The single value of an array of one. */
function unwrapped(value: PickleValue): PickleValue {
  if (!isKind(value, 'array') || value.data instanceof Uint8Array || value.data.length > 1) return value;
  return value.data[0] ?? null;
}

/** Keys are text, or byte strings of Python 2; what is neither, or comes twice, goes to `refuse`. */
function namedEntries({ entries }: PickleDict, refuse: (key: PickleValue) => never): Map<string, PickleValue> {
  const named = new Map<string, PickleValue>();
  for (const [key, value] of entries) {
    const name = key instanceof Uint8Array ? Buffer.from(key).toString('latin1') : key;
    if (typeof name !== 'string' || named.has(name)) refuse(name);
    named.set(name, value);
  }
  return named;
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
