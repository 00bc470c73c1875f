import { expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { decodePickle } from '../../../../src/kit/codec/pickle/pickle-reader.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';

it('names a set as what is not read, instead of calling its opcode unknown', async () => {
  // Python: pickle.dumps(([b'a'], {True}), 4)
  const bytes = Buffer.from('8004950f000000000000005d9443016194618f9428889086942e', 'hex');
  const [failure] = await failuresOf(() => decodePickle(new Cursor(bytes, 'set.bin')));
  expect(failure).toMatchObject({
    code: 'damaged-file',
    message: 'opcode EMPTY_SET makes a set, which is not read: expected lists, tuples, arrays and byte strings',
    at: { file: 'set.bin', offset: 18 },
  });
});
