import type { Cursor } from '../cursor.ts';

/** What a pickle holds, as data. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  /** Unicode text. */
  | string
  /** Byte strings, those of Python 2 included. */
  | Uint8Array
  | PickleList
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | PickleArray
  | PickleObject
  | PickleStorage
  | PickleTensor;

export interface PickleList {
  readonly type: 'list';
  readonly items: PickleValue[];
}

export interface PickleTuple {
  readonly type: 'tuple';
  readonly items: readonly PickleValue[];
}

export interface PickleDict {
  readonly type: 'dict';
  readonly entries: (readonly [PickleValue, PickleValue])[];
}

/** A name that a pickle mentions; never looked up. */
export interface PickleGlobal {
  readonly type: 'global';
  readonly module: string;
  readonly name: string;
}

/** A numpy array as data. */
export interface PickleArray {
  readonly type: 'array';
  /** numpy's word for it: `u1`, `f4`, `b1`, `O`; empty until the state is set. */
  dtype: string;
  shape: readonly number[];
  /** Column-major (Fortran) order. */
  fortranOrder: boolean;
  littleEndian: boolean;
  /** The elements: bytes, or values where dtype is `O`. */
  data: Uint8Array | readonly PickleValue[];
}

/** An instance of a class that no reader knows, as data; only where a reader asks for objects. */
export interface PickleObject {
  readonly type: 'object';
  /** `module.Class`. */
  readonly className: string;
  readonly args: readonly PickleValue[];
  /** What was set of it as of a dictionary. */
  readonly content: PickleDict;
  /** What its attributes are, mostly a dictionary. */
  state: PickleValue;
}

/** The numbers behind tensors of PyTorch, which are kept outside of the pickle. */
export interface PickleStorage {
  readonly type: 'storage';
  readonly key: string;
  /** PyTorch's word without the ending: `Float`, `Half`. */
  readonly elements: string;
  readonly count: number;
}

/** A tensor of PyTorch: a view of a storage. Offset and strides are in elements. */
export interface PickleTensor {
  readonly type: 'tensor';
  readonly storage: PickleStorage;
  readonly offset: number;
  readonly shape: readonly number[];
  readonly strides: readonly number[];
}

/** Whether a value is a list, tuple, dictionary, array ... */
export function isKind<Type extends Extract<PickleValue, { type: string }>['type']>(
  value: PickleValue,
  type: Type,
): value is Extract<PickleValue, { type: Type }> {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === type;
}

type ElementReader = (view: DataView, at: number, littleEndian: boolean) => number | boolean;

/** Reads an element of a numpy array or scalar; by numpy's word for its type. */
export const elementReaders: Readonly<Record<string, ElementReader>> = {
  b1: (view, at) => view.getUint8(at) !== 0,
  u1: (view, at) => view.getUint8(at),
  i1: (view, at) => view.getInt8(at),
  i2: (view, at, littleEndian) => view.getInt16(at, littleEndian),
  u2: (view, at, littleEndian) => view.getUint16(at, littleEndian),
  i4: (view, at, littleEndian) => view.getInt32(at, littleEndian),
  u4: (view, at, littleEndian) => view.getUint32(at, littleEndian),
  i8: (view, at, littleEndian) => Number(view.getBigInt64(at, littleEndian)),
  u8: (view, at, littleEndian) => Number(view.getBigUint64(at, littleEndian)),
  f4: (view, at, littleEndian) => view.getFloat32(at, littleEndian),
  f8: (view, at, littleEndian) => view.getFloat64(at, littleEndian),
};

/** As many values as are read of a pickle. */
const maxNumbers = 2 ** 22;

/** The numbers of an array in the order of its bytes; undefined if its elements are not numbers, or too many. */
export function numbersOf({ data, dtype, littleEndian }: PickleArray): (number | boolean)[] | undefined {
  const read = elementReaders[dtype];
  if (read === undefined || !(data instanceof Uint8Array)) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const bytes = Number(dtype.slice(1));
  if (data.length > maxNumbers * bytes) return undefined;
  return Array.from({ length: data.length / bytes }, (_, index) => read(view, index * bytes, littleEndian));
}

/** A numpy dtype while it is being put together; it becomes an array's `dtype`. */
interface Dtype extends PickleGlobal {
  readonly name: 'dtype';
  readonly kind: string;
  bigEndian: boolean;
}

export interface Place {
  readonly cursor: Cursor;
  /** Offset of the opcode. */
  readonly at: number;
}

type Arguments = readonly PickleValue[];

/** The value of `callee(*args)` as plain data. Only called with names that the reader knows. */
export function callGlobal(callee: PickleGlobal, args: Arguments, place: Place): PickleValue {
  const build = builders[callee.name];
  if (build === undefined) return place.cursor.damaged(`${callee.module}.${callee.name} cannot be called`, place.at);
  return build(args, place);
}

const builders: Readonly<Record<string, (args: Arguments, place: Place) => PickleValue>> = {
  // Python 3 writes byte strings into protocols 0 to 2 as text: _codecs.encode(text, 'latin1').
  encode(args, place) {
    const [text, encoding] = args;
    const bytes = typeof text === 'string' && encoding === 'latin1' ? bytesOfText(text) : undefined;
    return bytes ?? place.cursor.damaged('expected latin1 text', place.at);
  },
  bytes: bytesOf,
  bytearray: bytesOf,
  // numpy.core.multiarray._reconstruct(ndarray, (0,), b'b'): an empty array whose state follows.
  _reconstruct: () => emptyArray(),
  dtype(args, place) {
    const kind = textOf(args[0]);
    if (kind === undefined) return place.cursor.damaged('expected the name of a dtype', place.at);
    const dtype: Dtype = { type: 'global', module: 'numpy', name: 'dtype', kind, bigEndian: false };
    return dtype;
  },
  // numpy scalars: np.bool_(True) and the like.
  scalar(args, place) {
    const [dtype, bytes] = args;
    if (!isDtype(dtype) || !(bytes instanceof Uint8Array))
      return place.cursor.damaged('expected a numpy scalar', place.at);
    return scalarOf(dtype, bytes, place);
  },
  // Protocol 5: _frombuffer(bytes, dtype, shape, order).
  _frombuffer(args, place) {
    const [data, dtype, shape, order] = args;
    const array = emptyArray();
    fillArray(array, { data, dtype, shape, fortranOrder: order === 'F' }, place);
    return array;
  },
};

/** A byte for each character; undefined where one does not fit a byte, of which a half would be lost. */
export function bytesOfText(text: string): Uint8Array | undefined {
  for (let index = 0; index < text.length; index += 1) if (text.charCodeAt(index) > 0xff) return undefined;
  return Buffer.from(text, 'latin1');
}

/** What BUILD does to an array or a dtype. */
export function setState(target: PickleValue, state: PickleValue, place: Place): void {
  const items = tupleItems(state);
  if (items === undefined) place.cursor.damaged('expected a tuple as state', place.at);
  if (isDtype(target)) {
    // (version, byte order, ...): '|' none, '<' little, '>' big.
    target.bigEndian = textOf(items[1]) === '>';
  } else if (isArray(target)) {
    // (version, shape, dtype, fortran order, data); version 0 files leave the first out.
    const [shape, dtype, fortranOrder, data] = items.length === 5 ? items.slice(1) : items;
    fillArray(target, { data, dtype, shape, fortranOrder: fortranOrder === true }, place);
  } else {
    place.cursor.damaged('expected a numpy array or dtype to set the state of', place.at);
  }
}

interface ArrayParts {
  readonly data: PickleValue | undefined;
  readonly dtype: PickleValue | undefined;
  readonly shape: PickleValue | undefined;
  readonly fortranOrder: boolean;
}

function fillArray(array: PickleArray, parts: ArrayParts, place: Place): void {
  const shape = tupleItems(parts.shape);
  const isShape = shape?.every((size): size is number => typeof size === 'number' && size >= 0) ?? false;
  if (shape === undefined || !isShape || !isDtype(parts.dtype)) {
    place.cursor.damaged('expected shape and dtype of a numpy array', place.at);
  }
  array.shape = shape.map(Number);
  array.dtype = parts.dtype.kind;
  array.littleEndian = !parts.dtype.bigEndian;
  array.fortranOrder = parts.fortranOrder;
  array.data = elementsOf(parts.data, place);
  const elements = array.shape.reduce((product, size) => product * size, 1);
  const expected = array.data instanceof Uint8Array ? elements * bytesPerElement(array.dtype, place) : elements;
  if (expected !== array.data.length) {
    place.cursor.damaged(
      `a numpy array of shape ${array.shape.join(' x ')} and type ${array.dtype} needs ${expected} bytes, ${array.data.length} are there`,
      place.at,
    );
  }
}

function elementsOf(data: PickleValue | undefined, place: Place): Uint8Array | readonly PickleValue[] {
  if (data instanceof Uint8Array) return data;
  // Python 3 readers of Python 2 pickles write text where bytes were.
  if (typeof data === 'string') return bytesOfText(data) ?? place.cursor.damaged('expected latin1 text', place.at);
  if (typeof data === 'object' && data !== null && 'type' in data && data.type === 'list') return data.items;
  return place.cursor.damaged('expected the elements of a numpy array', place.at);
}

/** `u1` -> 1, `f4` -> 4, `b1` -> 1. */
export function bytesPerElement(dtype: string, place: Place): number {
  const match = /^[biufcSV](\d{1,5})$/.exec(dtype);
  if (match === null) place.cursor.damaged(`arrays of numpy type ${JSON.stringify(dtype)} are not read`, place.at);
  return Number(match[1]);
}

function scalarOf(dtype: Dtype, bytes: Uint8Array, place: Place): PickleValue {
  if (bytes.length !== bytesPerElement(dtype.kind, place))
    place.cursor.damaged('a numpy scalar has a wrong size', place.at);
  const read = elementReaders[dtype.kind];
  if (read === undefined)
    return place.cursor.damaged(`numpy scalars of type ${JSON.stringify(dtype.kind)} are not read`, place.at);
  return read(new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, !dtype.bigEndian);
}

function bytesOf(args: Arguments, place: Place): Uint8Array {
  const [content] = args;
  if (content === undefined) return new Uint8Array(0);
  if (content instanceof Uint8Array) return content;
  const bytes = typeof content === 'string' && textOf(args[1]) === 'latin-1' ? bytesOfText(content) : undefined;
  return bytes ?? place.cursor.damaged('expected bytes', place.at);
}

function emptyArray(): PickleArray {
  return { type: 'array', dtype: '', shape: [0], fortranOrder: false, littleEndian: true, data: new Uint8Array(0) };
}

function isArray(value: PickleValue): value is PickleArray {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'array';
}

function isDtype(value: PickleValue | undefined): value is Dtype {
  return typeof value === 'object' && value !== null && 'kind' in value;
}

function tupleItems(value: PickleValue | undefined): readonly PickleValue[] | undefined {
  return typeof value === 'object' && value !== null && 'type' in value && value.type === 'tuple'
    ? value.items
    : undefined;
}

/** Python 2 writes names as byte strings. */
function textOf(value: PickleValue | undefined): string | undefined {
  return value instanceof Uint8Array
    ? Buffer.from(value).toString('latin1')
    : typeof value === 'string'
      ? value
      : undefined;
}
