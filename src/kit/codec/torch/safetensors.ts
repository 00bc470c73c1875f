import { repeatedName } from '../repeated-name.ts';
import type { Codec } from '../codec.ts';
import type { Cursor } from '../cursor.ts';
import { firstArrays, tally } from '../description.ts';
import { elementBytes, type ElementType } from './stored-tensor.ts';

/** A tensor of a safetensors file, or one to be written. */
export interface SafeTensor {
  readonly name: string;
  readonly type: ElementType;
  readonly shape: readonly number[];
  /** Row by row, little-endian. */
  readonly data: Uint8Array;
}

export interface SafeTensors {
  /** Texts by name, for people and programs. */
  readonly metadata: Readonly<Record<string, string>>;
  readonly tensors: readonly SafeTensor[];
}

/*
 * safetensors (huggingface/safetensors, README.md "Format"), little-endian:
 *
 *   bytes of the header (8), at most 100 MB
 *   header, JSON: {"__metadata__": {name: text}, NAME: {"dtype", "shape", "data_offsets": [begin, end]}, ...}, filled up by spaces
 *   the elements; offsets count from here, leave nothing out and do not overlap
 */
const maxHeaderBytes = 100_000_000;
const metadataName = '__metadata__';

export const safetensors: Codec<SafeTensors> = {
  name: 'safetensors',
  title: 'safetensors file (.safetensors)',
  summary: 'Tensors by name and nothing that runs; how layers are connected is known of some networks for faces.',
  endings: ['.safetensors'],
  // The length of a header in eight bytes, and the table in JSON.
  sniff(head) {
    const bytes = Buffer.from(head);
    return bytes.length > 9 && bytes.readUInt32LE(4) === 0 && /^\{\s*["}]/.test(bytes.toString('latin1', 8, 40));
  },
  decode(cursor) {
    const length = cursor.u64('the length of the header');
    if (length > maxHeaderBytes) cursor.damaged(`a header of ${length} bytes, more than ${maxHeaderBytes}`, 0);
    const header = headerOf(cursor, length);
    const data = cursor.take(cursor.remaining, 'the tensors');
    const { [metadataName]: metadata, ...entries } = header;
    const at = 8;
    const tensors = Object.entries(entries).map(([name, entry]) => tensorOf(name, entry, { cursor, data }));
    let end = 0;
    for (const { name, begin, tensor } of tensors.toSorted((a, b) => a.begin - b.begin)) {
      if (begin !== end) cursor.damaged(`tensor "${name}" begins at byte ${begin} of the tensors, expected ${end}`, at);
      end += tensor.data.length;
    }
    if (end !== data.length) cursor.damaged(`${data.length} bytes of tensors are there, ${end} are described`, at);
    return { metadata: textsOf(metadata, cursor), tensors: tensors.map(({ tensor }) => tensor) };
  },
  describe(cursor) {
    const { tensors, metadata } = safetensors.decode(cursor);
    const said = Object.entries(metadata).map(([name, value]) => `${name}: ${value.slice(0, 60)}`);
    return {
      facts: [
        { name: 'tensors', value: tensors.length },
        { name: 'element types', value: tensors.length === 0 ? 'none' : tally(tensors.map(({ type }) => type)) },
        ...(tensors.length === 0 ? [] : [{ name: 'first tensors', value: firstArrays(tensors) }]),
        ...(said.length === 0 ? [] : [{ name: 'metadata', value: said.slice(0, 4).join('; ') }]),
      ],
    };
  },
  encode({ metadata, tensors }) {
    // The order of the library that defines the format: the larger elements first, then by name.
    const ordered = tensors.toSorted((a, b) => rankOf(a.type) - rankOf(b.type) || (a.name < b.name ? -1 : 1));
    let end = 0;
    const entries = ordered.map(({ name, type, shape, data }) => {
      const begin = end;
      end += data.length;
      return [name, { dtype: type, shape, data_offsets: [begin, end] }] as const;
    });
    const said = Object.keys(metadata).length === 0 ? [] : [[metadataName, metadata] as const];
    const json = Buffer.from(JSON.stringify(Object.fromEntries([...said, ...entries])));
    const header = Buffer.alloc(8 + Math.ceil(json.length / 8) * 8, ' ');
    header.writeBigUInt64LE(BigInt(header.length - 8));
    json.copy(header, 8);
    return Buffer.concat([header, ...ordered.map(({ data }) => data)]);
  },
};

const ranks: readonly ElementType[] = ['F64', 'I64', 'F32', 'I32', 'BF16', 'F16', 'I16', 'I8', 'U8', 'BOOL'];

function rankOf(type: ElementType): number {
  return ranks.indexOf(type);
}

function headerOf(cursor: Cursor, length: number): Record<string, unknown> {
  const text = cursor.text(length, 'the header');
  try {
    const header: unknown = JSON.parse(text);
    if (isRecord(header)) {
      const twice = repeatedName(namesIn(text));
      if (twice !== undefined && Object.hasOwn(header, twice)) cursor.damaged(`two tensors are called "${twice}"`, 8);
      return header;
    }
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return cursor.damaged(`the header is not JSON (${error.message})`, 8);
  }
  return cursor.damaged('the header is not a table of tensors', 8);
}

/** Keys of the entries of tensors, of which JSON.parse keeps the last of equal ones. */
function namesIn(text: string): string[] {
  return [...text.matchAll(/"((?:[^"\\]|\\.)*)"\s*:\s*\{\s*"dtype"/g)].map(([, name = '']) => name);
}

interface Data {
  readonly cursor: Cursor;
  readonly data: Uint8Array;
}

function tensorOf(
  name: string,
  entry: unknown,
  { cursor, data }: Data,
): { readonly name: string; readonly begin: number; readonly tensor: SafeTensor } {
  const refuse = (problem: string): never => cursor.damaged(`tensor "${name}" ${problem}`, 8);
  if (!isRecord(entry)) return refuse('is not described');
  const { dtype, shape, data_offsets: offsets } = entry;
  const type = ranks.find((known) => known === dtype);
  if (type === undefined) return refuse(`is of type ${JSON.stringify(dtype)}, which is not read`);
  if (!isSizes(shape) || !isSizes(offsets) || offsets.length !== 2) return refuse('has no shape and place');
  const [begin = 0, end = 0] = offsets;
  const bytes = shape.reduce((product, side) => product * side, elementBytes[type]);
  if (end - begin !== bytes || end > data.length) {
    return refuse(`of ${bytes} bytes is in bytes ${begin} to ${end} of ${data.length}`);
  }
  return { name, begin, tensor: { name, type, shape, data: data.subarray(begin, end) } };
}

function textsOf(metadata: unknown, cursor: Cursor): Record<string, string> {
  if (metadata === undefined) return {};
  if (!isRecord(metadata)) return cursor.damaged('the metadata are not texts by name', 8);
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(metadata)) {
    if (typeof value !== 'string') return cursor.damaged('the metadata are not texts by name', 8);
    texts[name] = value;
  }
  return texts;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isSizes(value: unknown): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && size >= 0);
}
