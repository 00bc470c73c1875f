import { expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { decodePickle } from '../../../../src/kit/codec/pickle/pickle-reader.ts';
import { isKind } from '../../../../src/kit/codec/pickle/pickle-values.ts';
import { PickleWriter } from '../../../../src/kit/codec/pickle/pickle-writer.ts';

it('writes a matrix of float64 that reads back as a numpy array', () => {
  const writer = new PickleWriter();
  writer.matrix(Float64Array.of(1, -2.5, Math.PI, 4, 5, 6), 3);
  writer.list([true, false], (value) => {
    writer.boolean(value);
  });
  writer.pair();
  const value = decodePickle(new Cursor(writer.finish(), 'matrix.pickle'));
  const [array, labels] = isKind(value, 'tuple') ? value.items : [];
  expect(array).toMatchObject({ type: 'array', dtype: 'f8', shape: [2, 3] });
  const bytes =
    array !== undefined && isKind(array, 'array') ? Uint8Array.from(array.data as Uint8Array) : new Uint8Array();
  expect([...new Float64Array(bytes.buffer)]).toEqual([1, -2.5, Math.PI, 4, 5, 6]);
  expect(labels).toMatchObject({ items: [true, false] });
});
