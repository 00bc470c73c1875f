import type { PickleArray } from './pickle-value.ts';

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

/** The numbers of an array in the order of its bytes; undefined where its elements are no numbers, or too many. */
export function numbersOf({ data, dtype, littleEndian }: PickleArray): (number | boolean)[] | undefined {
  const read = elementReaders[dtype];
  if (read === undefined || !(data instanceof Uint8Array)) return undefined;
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const bytes = Number(dtype.slice(1));
  if (data.length > maxNumbers * bytes) return undefined;
  return Array.from({ length: data.length / bytes }, (_, index) => read(view, index * bytes, littleEndian));
}
