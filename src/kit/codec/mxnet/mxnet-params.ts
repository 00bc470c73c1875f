import type { Codec } from '../codec.ts';
import { firstArrays, tally } from '../description.ts';
import type { Cursor } from '../cursor.ts';
import { halfToNumber, littleEndianFloats } from '../little-endian-floats.ts';
import { repeatedName } from '../repeated-name.ts';

/*
 * MXNet parameters (.params; MXNet, src/ndarray/ndarray.cc `NDArray::Save` and `Load`), little-endian:
 *
 *   bytes   field
 *   8       list magic 0x112
 *   8       0
 *   8       number of arrays, and the arrays
 *   8       number of names (as many, or 0), and each name: 8 bytes length, text `arg:conv0_weight`
 *
 * An array:
 *
 *   bytes   field
 *   4       0xF993FAC9 (version 2) or 0xF993FACA (3), 0xF993FAC8 (1), or else the number of dimensions (version 0)
 *   4       storage type (versions 2 and 3): 0 dense; 1 row-sparse and 2 CSR are refused
 *   4       number of dimensions; 0: the array ends here (3: 0 is a scalar, -1 unknown)
 *   8 each  sizes; version 0: 4 each
 *   4 + 4   device type (1 CPU, 2 GPU, 3 pinned) and number
 *   4       element type: 0 float32, 1 float64, 2 float16, 3 uint8, 4 int32, 5 int8, 6 int64, 7 boolean (a byte)
 *           elements, row by row
 */
export const elementTypes = {
  float32: { flag: 0, bytes: 4 },
  float64: { flag: 1, bytes: 8 },
  float16: { flag: 2, bytes: 2 },
  uint8: { flag: 3, bytes: 1 },
  int32: { flag: 4, bytes: 4 },
  int8: { flag: 5, bytes: 1 },
  int64: { flag: 6, bytes: 8 },
  boolean: { flag: 7, bytes: 1 },
} as const;

export type ElementType = keyof typeof elementTypes;

export interface MxnetArray {
  /** `arg:` or `aux:` and the parameter's name; empty in files without names. */
  readonly name: string;
  /** Layout in the file, kept so that a file comes back bit for bit. */
  readonly version: 0 | 1 | 2 | 3;
  readonly shape: readonly number[];
  readonly type: ElementType;
  readonly device: { readonly type: number; readonly id: number };
  /** The elements as they stand in the file: little-endian, row by row. */
  readonly data: Uint8Array;
}

const listMagic = 0x112;
const versionMagic = [0, 0xf993fac8, 0xf993fac9, 0xf993faca] as const;
/** Networks have some thousand; what claims more is damaged, and every array costs memory. */
const maxArrays = 100_000;
/** MXNet itself allows 32. */
const maxDimensions = 32;

export const mxnetParams: Codec<readonly MxnetArray[]> = {
  name: 'mxnet-params',
  title: 'MXNet parameters (.params)',
  summary: 'The weights of a network as MXNet saves them.',
  endings: ['.params'],
  sniff: (head) => head[0] === 0x12 && head[1] === 1 && head.subarray(2, 8).every((byte) => byte === 0),
  decode(cursor) {
    const magic = cursor.u64('the list magic');
    if (magic !== listMagic) cursor.damaged(`expected 0x112 at its start, found 0x${magic.toString(16)}`, 0);
    cursor.u64('the reserved field');
    const count = cursor.u64('the number of arrays');
    if (count > maxArrays) cursor.damaged(`it claims ${count} arrays, more than the ${maxArrays} that are read`, 16);
    // The smallest array is its number of dimensions, 0.
    cursor.expectItems(count, 4, 'the arrays');
    const arrays = Array.from({ length: count }, () => decodeArray(cursor));
    const at = cursor.offset;
    const nameCount = cursor.u64('the number of names');
    if (nameCount !== 0 && nameCount !== count) cursor.damaged(`${count} arrays have ${nameCount} names`, at);
    const named = arrays.map((array) =>
      nameCount === 0 ? array : { ...array, name: cursor.text(cursor.u64('the length of a name'), 'a name') },
    );
    cursor.expectEnd('the arrays and their names');
    const twice = repeatedName(named.flatMap(({ name }) => (name === '' ? [] : [name])));
    if (twice !== undefined) cursor.damaged(`two arrays are called "${twice}"`, at);
    return named;
  },
  describe(cursor) {
    const arrays = mxnetParams.decode(cursor);
    const floats = arrays.reduce((sum, { data, type }) => sum + data.length / elementTypes[type].bytes, 0);
    const running = arrays.filter(({ name }) => name.startsWith('aux:')).length;
    return {
      facts: [
        { name: 'arrays', value: `${String(arrays.length)} (${String(running)} running statistics)` },
        { name: 'numbers', value: floats },
        { name: 'element types', value: tally(arrays.map(({ type }) => type)) },
        { name: 'layout versions', value: tally(arrays.map(({ version }) => String(version))) },
        { name: 'first arrays', value: firstArrays(arrays) },
      ],
    };
  },
  encode(arrays) {
    const named = arrays.some(({ name }) => name !== '');
    return Buffer.concat([
      u64(listMagic),
      u64(0),
      u64(arrays.length),
      ...arrays.flatMap(encodeArray),
      u64(named ? arrays.length : 0),
      ...(named ? arrays.flatMap(({ name }) => [u64(Buffer.byteLength(name)), Buffer.from(name)]) : []),
    ]);
  },
};

/** The elements as float32 numbers, whatever type they are stored in; a view of the file where they are that already. */
export function toFloat32(array: MxnetArray): Float32Array {
  const { data, type } = array;
  if (type === 'float32') return littleEndianFloats(data);
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const read: Record<Exclude<ElementType, 'float32'>, (offset: number) => number> = {
    float64: (offset) => view.getFloat64(offset, true),
    float16: (offset) => halfToNumber(view.getUint16(offset, true)),
    uint8: (offset) => view.getUint8(offset),
    int32: (offset) => view.getInt32(offset, true),
    int8: (offset) => view.getInt8(offset),
    int64: (offset) => Number(view.getBigInt64(offset, true)),
    boolean: (offset) => view.getUint8(offset),
  };
  const { bytes } = elementTypes[type];
  return Float32Array.from({ length: data.length / bytes }, (_, index) => read[type](index * bytes));
}

function decodeArray(cursor: Cursor): MxnetArray {
  const at = cursor.offset;
  const first = cursor.u32('an array');
  const magic = versionMagic.indexOf(first as (typeof versionMagic)[number]);
  const version = magic === 1 || magic === 2 || magic === 3 ? magic : 0;
  if (version >= 2) {
    const storage = cursor.i32('the storage type of an array');
    if (storage !== 0) cursor.damaged(`an array has storage type ${storage}; only dense arrays (0) are read`, at + 4);
  }
  const dimensions = version === 0 ? first : cursor.i32('the number of dimensions');
  if (dimensions < 0 || dimensions > maxDimensions) {
    cursor.damaged(`an array has ${dimensions} dimensions, expected 0 to ${maxDimensions}`, at);
  }
  const shape = Array.from({ length: dimensions }, () => {
    const size = version === 0 ? cursor.u32('a size of an array') : cursor.i64('a size of an array');
    return size < 0 ? cursor.damaged(`a size of an array is ${size}`) : size;
  });
  // Before numpy shapes, no dimensions meant no array at all.
  if (dimensions === 0 && version < 3) {
    return { name: '', version, shape, type: 'float32', device: { type: 1, id: 0 }, data: new Uint8Array(0) };
  }
  const device = { type: cursor.i32('a device type'), id: cursor.i32('a device number') };
  const typeAt = cursor.offset;
  const flag = cursor.i32('an element type');
  const type = typeOfFlag(flag) ?? cursor.damaged(`an array has element type ${flag}; 0 to 7 are known`, typeAt);
  const bytes = shape.reduce((product, size) => product * size, elementTypes[type].bytes);
  return { name: '', version, shape, type, device, data: cursor.take(bytes, `an array of shape ${shape.join(' x ')}`) };
}

function typeOfFlag(flag: number): ElementType | undefined {
  for (const type of Object.keys(elementTypes) as ElementType[]) if (elementTypes[type].flag === flag) return type;
  return undefined;
}

function encodeArray({ version, shape, device, type, data }: MxnetArray): Uint8Array[] {
  const head = Buffer.alloc(
    4 + (version >= 2 ? 4 : 0) + (version === 0 ? 0 : 4) + shape.length * (version === 0 ? 4 : 8),
  );
  let at = head.writeUInt32LE(version === 0 ? shape.length : versionMagic[version], 0);
  if (version >= 2) at = head.writeInt32LE(0, at);
  if (version > 0) at = head.writeUInt32LE(shape.length, at);
  for (const size of shape) at = version === 0 ? head.writeUInt32LE(size, at) : head.writeBigInt64LE(BigInt(size), at);
  if (shape.length === 0 && version < 3) return [head];
  const tail = Buffer.alloc(12);
  tail.writeInt32LE(device.type, 0);
  tail.writeInt32LE(device.id, 4);
  tail.writeInt32LE(elementTypes[type].flag, 8);
  return [head, tail, data];
}

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
