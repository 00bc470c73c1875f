import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { crc32, inflateRawSync } from 'node:zlib';
import { readZipDirectory, type ReadRange, zipContentOffset, type ZipEntry } from '../archive/zip-archive.ts';
import type { FileFormat } from '../codec.ts';
import { Cursor } from '../cursor.ts';
import { type Description, firstArrays, tally } from '../description.ts';
import { decodePickle } from '../pickle/pickle-reader.ts';
import type { PickleStorage, PickleValue } from '../pickle/pickle-values.ts';
import { openForReading } from '../read-file.ts';
import { contentOf, type StateContent } from './checkpoint-content.ts';
import { decodeLegacy, torchMagic } from './legacy-checkpoint.ts';
import { isTorchArchive } from './torch-archive.ts';
import { torchObjects } from './torch-objects.ts';

/*
 * What torch.save writes (torch/serialization.py). Since PyTorch 1.6 a ZIP archive, nothing in it compressed:
 *
 *   NAME/data.pkl    the pickle of what was saved, with storages as persistent ids
 *   NAME/byteorder   "little" or "big", since 2.1; little unless it is there
 *   NAME/data/KEY    the numbers of a storage, one after the other
 *
 * Before that, pickles and storages one after the other: see legacy-checkpoint.ts.
 */
export interface TorchCheckpoint extends StateContent {
  readonly layout: 'archive' | 'legacy';
}

/** Checkpoints of PyTorch, read as data: no class or function that one names is looked up or called. */
export const torchCheckpoint: FileFormat<TorchCheckpoint> = {
  name: 'torch-checkpoint',
  title: 'PyTorch checkpoint (.pt, .pth, .ckpt)',
  summary: 'Tensors by name, as torch.save writes them; how layers are connected is known of some networks for faces.',
  endings: ['.pt', '.pth', '.ckpt'],
  sniff: (head, fileName) => isTorchArchive(head, fileName) || startsAsLegacy(head),
  describeFile: (path) => describeCheckpoint(readTorchCheckpoint(path)),
  decode(cursor) {
    const start = cursor.offset;
    const bytes = cursor.take(cursor.remaining, 'a checkpoint');
    return decoded({ file: cursor.file, size: bytes.length }, (offset, length) =>
      bytes.subarray(offset - start, offset - start + length),
    );
  },
};

/** Opens a checkpoint of any size; tensors are read from the file when they are asked for. */
export function readTorchCheckpoint(path: string): TorchCheckpoint {
  const { descriptor, size } = openForReading(path, torchCheckpoint.title);
  closeSync(descriptor);
  return decoded({ file: path, size }, rangesOf(path));
}

/** Opens the file again for each range: tensors may be read long after the checkpoint was opened, or never. */
function rangesOf(path: string): ReadRange {
  return (offset, length) => {
    const descriptor = openSync(path, 'r');
    try {
      const bytes = Buffer.alloc(Math.max(0, Math.min(length, fstatSync(descriptor).size - offset)));
      let done = 0;
      while (done < bytes.length) {
        const count = readSync(descriptor, bytes, done, Math.min(bytes.length - done, 2 ** 30), offset + done);
        if (count === 0) break;
        done += count;
      }
      return bytes.subarray(0, done);
    } finally {
      closeSync(descriptor);
    }
  };
}

function startsAsLegacy(head: Uint8Array): boolean {
  return head[0] === 0x80 && Buffer.from(head.subarray(2, 2 + torchMagic.length)).equals(torchMagic);
}

function decoded({ file, size }: { readonly file: string; readonly size: number }, read: ReadRange): TorchCheckpoint {
  const head = read(0, Math.min(size, 64));
  if (startsAsLegacy(head)) return { layout: 'legacy', ...decodeLegacy({ file, size }, read) };
  const entries = readZipDirectory(file, size, read);
  const archive = new TorchArchive(file, entries, read);
  return { layout: 'archive', ...archive.content() };
}

/** The records of an archive, by their names below its one folder. */
class TorchArchive {
  readonly #file: string;
  readonly #read: ReadRange;
  readonly #records: ReadonlyMap<string, ZipEntry>;

  constructor(file: string, entries: readonly ZipEntry[], read: ReadRange) {
    this.#file = file;
    this.#read = read;
    this.#records = new Map(entries.map((entry) => [entry.name.replace(/^[^/]*\//, ''), entry]));
  }

  content(): StateContent {
    const pickle = this.#records.get('data.pkl');
    const place = new Cursor(new Uint8Array(), this.#file);
    if (pickle === undefined) return place.damaged('expected a record "data.pkl" as in checkpoints of PyTorch', 0);
    if (this.#records.has('constants.pkl')) {
      return place.damaged('it is a TorchScript program, code with weights: save its state_dict() by torch.save', 0);
    }
    const order = this.#records.get('byteorder');
    if (order !== undefined && Buffer.from(this.#bytes(order)).toString('latin1') !== 'little') {
      place.damaged('its numbers are big-endian, which are not read', order.offset);
    }
    const start = zipContentOffset(pickle, this.#file, this.#read);
    const value: PickleValue = decodePickle(new Cursor(this.#bytes(pickle), this.#file, start), torchObjects);
    return contentOf(value, { file: this.#file, bytesOf: (storage) => this.#storage(storage) });
  }

  #storage({ key }: PickleStorage): Uint8Array {
    const entry = this.#records.get(`data/${key}`);
    if (entry !== undefined) return this.#bytes(entry);
    return new Cursor(new Uint8Array(), this.#file).damaged(`there is no record "data/${key}" for a tensor`, 0);
  }

  #bytes(entry: ZipEntry): Uint8Array {
    const at = zipContentOffset(entry, this.#file, this.#read);
    const packed = this.#read(at, entry.packedSize);
    const cursor = new Cursor(packed, this.#file, at);
    if (packed.length < entry.packedSize) cursor.truncated(`the record ${entry.name}`, entry.packedSize);
    const bytes = entry.method === 0 ? packed : unpacked(packed, entry, cursor);
    if (bytes.length !== entry.size)
      cursor.damaged(`the record ${entry.name} has another size than the directory says`);
    // Writers may leave the sum out.
    if (entry.crc32 !== 0 && crc32(bytes) !== entry.crc32) {
      cursor.damaged(`the check sum of the record ${entry.name} is another`);
    }
    return bytes;
  }
}

/** Deflate makes nothing smaller than this share of it. */
const maxExpansion = 1032;

function unpacked(packed: Uint8Array, { name, size }: ZipEntry, cursor: Cursor): Uint8Array {
  if (size > packed.length * maxExpansion) cursor.damaged(`the record ${name} cannot become ${size} bytes`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(size, 1) });
  } catch (error) {
    return cursor.damaged(
      `the record ${name} cannot be unpacked (${error instanceof Error ? error.message : String(error)})`,
    );
  }
}

function describeCheckpoint({ layout, tensors, others, classes }: TorchCheckpoint): Description {
  const numbers = tensors.reduce((sum, { shape }) => sum + shape.reduce((product, size) => product * size, 1), 0);
  return {
    facts: [
      { name: 'written as', value: layout === 'archive' ? 'archive (PyTorch 1.6 and later)' : 'pickles (before 1.6)' },
      { name: 'tensors', value: tensors.length },
      { name: 'numbers in them', value: numbers },
      { name: 'element types', value: tensors.length === 0 ? 'none' : tally(tensors.map(({ type }) => type)) },
      { name: 'first tensors', value: firstArrays(tensors) },
      ...(others.length === 0 ? [] : [{ name: 'beside them', value: others.slice(0, 8).join(', ') }]),
      ...(classes.length === 0 ? [] : [{ name: 'objects that are not read', value: classes.slice(0, 8).join(', ') }]),
    ].filter(({ value }) => value !== ''),
  };
}
