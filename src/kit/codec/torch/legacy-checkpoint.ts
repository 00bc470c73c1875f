import type { ReadRange } from '../archive/zip-archive.ts';
import { Cursor } from '../cursor.ts';
import { decodePickle, type PickleObjects } from '../pickle/pickle-reader.ts';
import { isKind, type PickleStorage } from '../pickle/pickle-values.ts';
import { bytesPerElement, contentOf, type StateContent } from './checkpoint-content.ts';
import { textOf, torchObjects } from './torch-objects.ts';

/** Number 0x1950a86a20f9469cfc6c, with which torch.save began before it wrote archives (torch/serialization.py). */
export const torchMagic = Buffer.from('8a0a6cfc9c46f9206aa85019', 'hex');

/*
 * torch/serialization.py, _legacy_save: five pickles (the magic number, protocol 1001, facts of the machine, what was saved,
 * the keys of its storages), then for each key the number of its elements (8 bytes) and the elements.
 */
export function decodeLegacy(
  { file, size }: { readonly file: string; readonly size: number },
  read: ReadRange,
): StateContent {
  const cursor = new Cursor(read(0, size), file);
  const named = new Map<string, PickleStorage>();
  const objects: PickleObjects = {
    ...torchObjects,
    kept(id, place) {
      const storage = torchObjects.kept(id, place);
      if (isKind(storage, 'storage')) named.set(storage.key, storage);
      return storage;
    },
  };
  decodePickle(cursor, torchObjects);
  const protocol = decodePickle(cursor, torchObjects);
  if (protocol !== 1001) cursor.damaged('expected protocol 1001 of torch.save');
  const machine = decodePickle(cursor, torchObjects);
  const facts = isKind(machine, 'dict') ? machine.entries : [];
  if (facts.some(([key, value]) => textOf(key) === 'little_endian' && value === false)) {
    cursor.damaged('its numbers are big-endian, which are not read');
  }
  const saved = decodePickle(cursor, objects);
  const keys = decodePickle(cursor, torchObjects);
  const storages = storagesAt(cursor, isKind(keys, 'list') ? keys.items.map((key) => textOf(key) ?? '') : [], named);
  return contentOf(saved, {
    file,
    bytesOf: ({ key }) => storages.get(key) ?? cursor.damaged(`there is no storage "${key}" for a tensor`),
  });
}

/** Storages follow each other; how many bytes an element has, the pickle tells. */
function storagesAt(
  cursor: Cursor,
  keys: readonly string[],
  named: ReadonlyMap<string, PickleStorage>,
): ReadonlyMap<string, Uint8Array> {
  const storages = new Map<string, Uint8Array>();
  for (const key of keys) {
    const storage = named.get(key);
    const count = cursor.i64('the size of a storage');
    const size = storage === undefined ? undefined : bytesPerElement(storage);
    if (size === undefined || count < 0)
      return cursor.damaged(`the elements of storage "${key}" are of an unknown type`);
    storages.set(key, cursor.take(count * size, `storage "${key}"`));
  }
  return storages;
}
