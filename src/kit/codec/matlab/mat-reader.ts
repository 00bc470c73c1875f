import { inflateSync } from 'node:zlib';
import { errorCode } from '../../../core/failure.ts';
import { Cursor } from '../cursor.ts';

/*
 * MATLAB 5 file (MathWorks, "MAT-File Format", chapter 1), read as far as protocol files need: 128 bytes of header,
 * then elements of a tag (type, size) and data padded to 8 bytes; a size of up to 4 may share the tag's 8 bytes.
 * An array (type 14) holds elements: flags (class), dimensions, name, and what its class says. Compressed elements
 * (type 15) are zlib streams of one element. Sparse arrays, objects, complex numbers and MATLAB 7.3 files are refused.
 */
export type MatValue = MatCell | MatStruct | MatText | MatNumbers;

interface MatArray {
  readonly dimensions: readonly number[];
}

/** Items in column order, as MATLAB stores them. */
export interface MatCell extends MatArray {
  readonly type: 'cell';
  readonly items: readonly MatValue[];
}

export interface MatStruct extends MatArray {
  readonly type: 'struct';
  /** One per element, in column order: its fields in the order of their declaration. */
  readonly items: readonly ReadonlyMap<string, MatValue>[];
}

export interface MatText extends MatArray {
  readonly type: 'text';
  /** The characters, row by row for a single row of text. */
  readonly text: string;
}

export interface MatNumbers extends MatArray {
  readonly type: 'numbers';
  /** In column order. */
  readonly values: Float64Array;
}

const headerBytes = 128;
/** A compressed element may grow to this much: protocols are small, and zlib can pack a thousand bytes into one. */
const maxInflatedBytes = 2 ** 25;
/** Numbers take 8 bytes each in memory, whatever they take in the file. */
const maxNumbers = 2 ** 22;
const maxDepth = 32;

const elementType = { matrix: 14, compressed: 15, utf8: 16, utf32: 18 } as const;
const arrayClass = { cell: 1, struct: 2, char: 4 } as const;

/** Bytes and reader of the numeric element types. */
const numericTypes = new Map<number, { bytes: number; read: (view: DataView, at: number) => number }>([
  [1, { bytes: 1, read: (view, at) => view.getInt8(at) }],
  [2, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [3, { bytes: 2, read: (view, at) => view.getInt16(at, true) }],
  [4, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
  [5, { bytes: 4, read: (view, at) => view.getInt32(at, true) }],
  [6, { bytes: 4, read: (view, at) => view.getUint32(at, true) }],
  [7, { bytes: 4, read: (view, at) => view.getFloat32(at, true) }],
  [9, { bytes: 8, read: (view, at) => view.getFloat64(at, true) }],
  [12, { bytes: 8, read: (view, at) => Number(view.getBigInt64(at, true)) }],
  [13, { bytes: 8, read: (view, at) => Number(view.getBigUint64(at, true)) }],
  [16, { bytes: 1, read: (view, at) => view.getUint8(at) }],
  [17, { bytes: 2, read: (view, at) => view.getUint16(at, true) }],
]);

/** The variables of the MATLAB 5 file at the cursor, by name. */
export function decodeMat(cursor: Cursor): ReadonlyMap<string, MatValue> {
  cursor.take(headerBytes - 4, 'the header');
  const version = cursor.u16('the version');
  const order = cursor.u16('the byte order');
  if (order !== 0x4d49) cursor.damaged('only little-endian MATLAB files are read', headerBytes - 2);
  if (version !== 0x0100)
    cursor.damaged(`version 0x${version.toString(16)} is not read, expected MATLAB 5`, headerBytes - 4);
  const variables = new Map<string, MatValue>();
  while (cursor.remaining >= 8) {
    const element = readElement(cursor);
    const { name, value } = readVariable(element);
    if (variables.has(name)) cursor.damaged(`two variables are called "${name}"`, element.body.base);
    variables.set(name, value);
  }
  cursor.expectEnd('the variables');
  return variables;
}

interface Element {
  readonly type: number;
  readonly body: Cursor;
}

function readElement(cursor: Cursor): Element {
  const at = cursor.offset;
  const word = cursor.u32('an element');
  const small = word >>> 16;
  if (small !== 0) {
    if (small > 4) cursor.damaged(`a short element claims ${small} bytes`, at);
    const body = cursor.take(4, 'a short element').subarray(0, small);
    return { type: word & 0xffff, body: new Cursor(body, cursor.file, at + 4) };
  }
  const length = cursor.u32('the size of an element');
  const start = cursor.offset;
  const body = cursor.take(length, 'an element');
  // Compressed elements are not padded; the padding of the last element may be missing.
  if (word !== elementType.compressed) cursor.take(Math.min((8 - (length % 8)) % 8, cursor.remaining), 'padding');
  return { type: word, body: new Cursor(body, cursor.file, start) };
}

function readVariable(element: Element): { readonly name: string; readonly value: MatValue } {
  if (element.type !== elementType.compressed) return readMatrix(element, 0);
  const { body } = element;
  const packed = body.take(body.remaining, 'a compressed element');
  try {
    const inflated = inflateSync(packed, { maxOutputLength: maxInflatedBytes });
    return readMatrix(readElement(new Cursor(inflated, body.file, body.base)), 0);
  } catch (error) {
    const code = errorCode(error);
    if (code === undefined) throw error;
    return body.damaged(`a compressed element cannot be unpacked (${code})`, body.base);
  }
}

function readMatrix(element: Element, depth: number): { readonly name: string; readonly value: MatValue } {
  const { body } = element;
  if (element.type !== elementType.matrix)
    body.damaged(`expected an array, found an element of type ${element.type}`, body.base);
  if (depth > maxDepth) body.damaged('arrays are nested too deeply', body.base);
  if (body.remaining === 0)
    return { name: '', value: { type: 'numbers', dimensions: [0, 0], values: new Float64Array(0) } };
  const flags = readElement(body).body.u32('array flags');
  if ((flags & 0x800) !== 0) body.damaged('complex arrays are not read', body.base);
  const dimensions = [...readNumbers(readElement(body))];
  const isSound = dimensions.length >= 2 && dimensions.length <= 32 && dimensions.every((size) => size >= 0);
  if (!isSound) body.damaged('an array has no sound dimensions', body.base);
  const nameBody = readElement(body).body;
  const name = Buffer.from(nameBody.take(nameBody.remaining, 'a name')).toString('latin1');
  return { name, value: readContent({ kind: flags & 0xff, dimensions, depth }, body) };
}

interface MatrixHead {
  /** Class of the array. */
  readonly kind: number;
  readonly dimensions: readonly number[];
  readonly depth: number;
}

function readContent({ kind, dimensions, depth }: MatrixHead, body: Cursor): MatValue {
  const count = dimensions.reduce((product, size) => product * size, 1);
  if (kind === arrayClass.cell) {
    body.expectItems(count, 8, 'the cells');
    const items = Array.from({ length: count }, () => readMatrix(readElement(body), depth + 1).value);
    return { type: 'cell', dimensions, items };
  }
  if (kind === arrayClass.struct) return { type: 'struct', dimensions, items: readStructs(count, body, depth) };
  if (kind === arrayClass.char) {
    return { type: 'text', dimensions, text: readText(readElement(body)) };
  }
  if (kind < 6 || kind > 15) body.damaged(`arrays of class ${kind} are not read`, body.base);
  const values = readNumbers(readElement(body));
  if (values.length !== count)
    body.damaged(`an array of ${dimensions.join(' x ')} has ${values.length} numbers`, body.base);
  return { type: 'numbers', dimensions, values };
}

/** Characters are of 16 bits as a rule; type 16 is UTF-8, 17 UTF-16, 18 UTF-32. */
function readText(element: Element): string {
  const { type, body } = element;
  if (type === elementType.utf8) return body.text(body.remaining, 'a text');
  const codes = readNumbers(type === elementType.utf32 ? { type: 6, body } : element);
  return Array.from(codes, (code) => String.fromCodePoint(Math.min(code, 0x10ffff))).join('');
}

function readStructs(count: number, body: Cursor, depth: number): ReadonlyMap<string, MatValue>[] {
  const [nameBytes = 0] = readNumbers(readElement(body));
  const namesBody = readElement(body).body;
  const packed = Buffer.from(namesBody.take(namesBody.remaining, 'the field names')).toString('latin1');
  if (nameBytes <= 0) body.damaged('a structure has no field names', body.base);
  const names = Array.from({ length: Math.floor(packed.length / nameBytes) }, (_, index) =>
    packed.slice(index * nameBytes, (index + 1) * nameBytes).replace(/\0.*$/s, ''),
  );
  body.expectItems(count * names.length, 8, 'the fields');
  if (names.length === 0 && count > 0) body.damaged('a structure has no fields', body.base);
  return Array.from(
    { length: count },
    () => new Map(names.map((name) => [name, readMatrix(readElement(body), depth + 1).value])),
  );
}

function readNumbers(element: Element): Float64Array {
  const { type, body } = element;
  const numeric = numericTypes.get(type);
  if (numeric === undefined) return body.damaged(`elements of type ${type} are not numbers`, body.base);
  const count = Math.floor(body.remaining / numeric.bytes);
  if (count > maxNumbers)
    body.damaged(`an array of ${count} numbers is more than the ${maxNumbers} that are read`, body.base);
  const bytes = body.take(body.remaining, 'numbers');
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return Float64Array.from({ length: count }, (_, index) => numeric.read(view, index * numeric.bytes));
}
