import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { basename } from 'node:path';
import { writeFileAtomic } from '../../../core/atomic-file.ts';
import type { Codec } from '../codec.ts';
import type { Cursor } from '../cursor.ts';
import { decodePickle } from '../pickle/pickle-reader.ts';
import { bytesOfText, numbersOf, isKind, type PickleValue } from '../pickle/pickle-values.ts';
import { PickleWriter } from '../pickle/pickle-writer.ts';
import { decodeFile } from '../read-file.ts';

/*
 * Verification set (.bin; insightface, src/data/lfw2pack.py, cfp2pack.py, agedb2pack.py): the Python pickle of a pair
 * (images, same). images: 2P encoded images, byte strings (lfw2pack) or numpy uint8 arrays of shape (n,) or (n, 1)
 * (the others); same: P booleans. Pair i compares images 2i and 2i + 1. Python 3 programs leave tuples or numpy arrays
 * where these have lists; those are read too.
 */
export interface VerificationSet {
  /** Encoded images (JPEG or PNG bytes), two per pair. */
  readonly images: readonly Uint8Array[];
  /** One per pair: the same person. */
  readonly same: readonly boolean[];
}

export const verificationSet: Codec<VerificationSet> = {
  name: 'verification-set',
  title: 'verification set (.bin)',
  summary: 'Pairs of images, and whether each pair shows the same person.',
  endings: ['.bin'],
  sniff(head) {
    const [first = 0, second = 0] = head;
    // Protocols 2 and later start with PROTO; the older ones with the mark of the tuple and the start of a list.
    return (first === 0x80 && second >= 2 && second <= 5) || (first === 0x28 && [0x28, 0x5d, 0x6c].includes(second));
  },
  decode(cursor) {
    const value = decodePickle(cursor);
    cursor.expectEnd('the pickle');
    const [images, same, ...others] = (isKind(value, 'tuple') || isKind(value, 'list') ? value.items : []).map(itemsOf);
    if (images === undefined || same === undefined || others.length > 0) {
      return refuse(cursor, 'expected a pair of lists: images, and whether each pair is the same person');
    }
    const set = {
      images: images.map((item, index) => imageBytes(item, index, cursor)),
      same: same.map((item, index) => truth(item, index, cursor)),
    };
    if (set.images.length !== 2 * set.same.length) {
      refuse(cursor, `${set.same.length} pairs need ${2 * set.same.length} images, found ${set.images.length}`);
    }
    return set;
  },
  describe(cursor) {
    const stored = storageOf(cursor.bytes);
    const { images, same } = verificationSet.decode(cursor);
    const sameCount = same.filter(Boolean).length;
    return {
      facts: [
        { name: 'pairs', value: `${String(same.length)} (${String(sameCount)} of the same person)` },
        { name: 'images stored as', value: stored },
      ],
      images: {
        count: images.length,
        read(position) {
          const pair = Math.floor(position / 2);
          return {
            bytes: images[position] ?? new Uint8Array(0),
            what: `image ${String(position)}`,
            caption: `pair ${String(pair)}, ${same[pair] === true ? 'same' : 'different'}`,
          };
        },
        close: () => undefined,
      },
    };
  },
  encode(set) {
    const writer = new PickleWriter();
    writer.list(set.images, (bytes) => {
      writer.byteString(bytes);
    });
    writer.list(set.same, (value) => {
      writer.boolean(value);
    });
    writer.pair();
    return writer.finish();
  },
};

/** Reads a `.bin` file: a Python pickle, parsed as data; no class or function in it is ever called. */
export function readVerificationSet(path: string): VerificationSet {
  return decodeFile(verificationSet, path);
}

/** A verification set with the name to show: that of its file. */
export interface NamedSet {
  readonly name: string;
  readonly file: string;
  readonly set: VerificationSet;
}

/** Reads several sets; those that `given` does not name are named after their files, equal names get their position as a suffix. */
export function namedSets(paths: readonly string[], given: readonly string[] = []): NamedSet[] {
  const names = paths.map((path, index) => given[index] ?? basename(path).replace(/\.bin$/, ''));
  return paths.map((file, index) => {
    const name = names[index] ?? file;
    const isUnique = names.filter((other) => other === name).length === 1;
    return { file, name: isUnique ? name : `${name}-${index + 1}`, set: readVerificationSet(file) };
  });
}

export function writeVerificationSet(path: string, set: VerificationSet): void {
  writeFileAtomic(path, verificationSet.encode(set));
}

/** Of a list, a tuple, or a numpy array of objects, truths or numbers. */
function itemsOf(value: PickleValue): readonly PickleValue[] | undefined {
  if (isKind(value, 'list') || isKind(value, 'tuple')) return value.items;
  if (!isKind(value, 'array') || value.shape.length !== 1) return undefined;
  return value.data instanceof Uint8Array ? numbersOf(value) : value.data;
}

function imageBytes(value: PickleValue, index: number, cursor: Cursor): Uint8Array {
  if (value instanceof Uint8Array) return value;
  if (isKind(value, 'array') && value.data instanceof Uint8Array && ['u1', 'i1'].includes(value.dtype))
    return value.data;
  // Written by Python 3 after reading Python 2 byte strings as latin-1 text.
  const bytes = typeof value === 'string' ? bytesOfText(value) : undefined;
  if (bytes !== undefined) return bytes;
  return refuse(cursor, `image ${index} is neither a byte string nor a uint8 array`);
}

function truth(value: PickleValue, index: number, cursor: Cursor): boolean {
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  return refuse(cursor, `pair ${index} is marked neither True nor False`);
}

/** Pickles name what they hold at their start. */
function storageOf(bytes: Uint8Array): string {
  const protocol = bytes[0] === 0x80 ? `protocol ${String(bytes[1])}` : 'protocol 0 or 1';
  const start = Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 256)).toString('latin1');
  return `${start.includes('numpy') ? 'numpy arrays' : 'byte strings'} in a pickle of ${protocol}`;
}

function refuse(cursor: Cursor, problem: string): never {
  fail(failures.notAVerificationSet({ problem }, cursor.at(0)));
}
