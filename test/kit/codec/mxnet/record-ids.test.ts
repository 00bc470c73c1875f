import { expect, test } from 'vitest';
import { RecordIds } from '../../../../src/kit/codec/mxnet/record-ids.ts';
import { Random } from '../../../../src/core/random.ts';

function idsOf(list: readonly number[]): RecordIds {
  const ids = new RecordIds();
  for (const id of list) ids.add(id);
  return ids;
}

const ascending = Array.from({ length: 100_000 }, (_, index) => index + 1);
const shuffled = [...ascending];
new Random(1).shuffle(shuffled);

test.each([
  ['as face2rec2 writes: images, record 0, identities', [...ascending, 0, 100_001, 100_002]],
  ['in disorder, more of it than runs are kept of', shuffled],
  ['with gaps', [5, 6, 7, 100, 101, 9_000_000_000]],
  ['none', []],
])('ids %s come back by entry, and entries by id', (_, list) => {
  const ids = idsOf(list);
  expect([...ids]).toEqual(list);
  expect(ids.size).toBe(list.length);
  expect(ids.repeat).toBe(false);
  for (let entry = 0; entry < list.length; entry += Math.ceil(list.length / 500)) {
    expect([ids.at(entry), ids.entryOf(list[entry] ?? NaN)]).toEqual([list[entry], entry]);
  }
  expect(ids.entryOf(123_456_789)).toBeUndefined();
});

test.each([
  [[0, 0, 0], 0, 2],
  [[1, 2, 3, 2, 3, 4], 3, 4],
  [[...shuffled, 7], 7, 100_000],
])('of ids that come twice the last entry counts', (list, id, entry) => {
  const ids = idsOf(list);
  expect(ids.repeat).toBe(true);
  expect(ids.entryOf(id)).toBe(entry);
});
