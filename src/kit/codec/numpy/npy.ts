import type { Cursor } from '../cursor.ts';

/** An array as NumPy keeps it. */
export interface NpyArray {
  /** NumPy's name of the element type: `<f4` float32, `<i8` int64, `|u1` bytes, `|S12` texts of 12 bytes. */
  readonly type: string;
  readonly shape: readonly number[];
  /** Column by column instead of row by row. */
  readonly fortranOrder: boolean;
  readonly data: Uint8Array;
}

/*
 * NumPy array (numpy/lib/format.py): \x93NUMPY, version (1 + 1), length of the header (2 bytes, from version 2 on 4), the
 * header, a Python dictionary as text, filled up with spaces to a multiple of 64, then the elements.
 */
export const npyMagic = '\x93NUMPY';
const alignment = 64;
const maxDimensions = 64;

export function decodeNpy(cursor: Cursor): NpyArray {
  const { type, shape, fortranOrder } = readNpyHeader(cursor);
  const bytes = shape.reduce((product, size) => product * size, elementBytes(type));
  return { type, shape, fortranOrder, data: cursor.take(bytes, `an array of ${shape.join(' x ')}`) };
}

/** All but the elements, and where they begin. */
export function readNpyHeader(cursor: Cursor): Omit<NpyArray, 'data'> & { readonly offset: number } {
  const start = cursor.offset;
  const found = Buffer.from(cursor.take(6, 'the magic of an array')).toString('latin1');
  if (found !== npyMagic) cursor.damaged('no NumPy array begins here', start);
  const major = cursor.u8('the version of an array');
  cursor.u8('the version of an array');
  if (major < 1 || major > 3) cursor.damaged(`an array is of version ${major}, expected 1 to 3`, start + 6);
  const length = major === 1 ? cursor.u16('the length of a header') : cursor.u32('the length of a header');
  const at = cursor.offset;
  const header = Buffer.from(cursor.take(length, 'the header of an array')).toString('latin1');
  const type = /'descr':\s*'([<>|=]?[a-zA-Z]\d+)'/.exec(header)?.[1];
  const order = /'fortran_order':\s*(True|False)/.exec(header)?.[1];
  const sizes = /'shape':\s*\(([\d,\sL]*)\)/.exec(header)?.[1];
  if (type === undefined || order === undefined || sizes === undefined) {
    return cursor.damaged('the header of an array lacks descr, fortran_order or shape', at);
  }
  const shape = sizes
    .split(',')
    .map((size) => size.trim().replace(/L$/, ''))
    .filter((size) => size !== '')
    .map(Number);
  if (shape.length > maxDimensions || !shape.every(Number.isSafeInteger)) cursor.damaged('an array has no shape', at);
  return { type, shape, fortranOrder: order === 'True', offset: cursor.offset };
}

export function encodeNpy({ type, shape, fortranOrder, data }: NpyArray): Uint8Array {
  const sizes = shape.length === 1 ? `${shape.join('')},` : shape.join(', ');
  const order = fortranOrder ? 'True' : 'False';
  const text = `{'descr': '${type}', 'fortran_order': ${order}, 'shape': (${sizes}), }`;
  const prefix = npyMagic.length + 4;
  const length = Math.ceil((prefix + text.length + 1) / alignment) * alignment - prefix;
  const head = Buffer.alloc(prefix);
  head.write(npyMagic, 'latin1');
  head.writeUInt8(1, 6);
  head.writeUInt16LE(length, 8);
  return Buffer.concat([head, Buffer.from(`${text.padEnd(length - 1)}\n`, 'latin1'), data]);
}

/** `U` counts characters of four bytes, everything else bytes. */
function elementBytes(type: string): number {
  const count = Number(/\d+$/.exec(type)?.[0] ?? NaN);
  return type.includes('U') ? 4 * count : count;
}
