import { expect, test } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { mxnetSymbol } from '../../../../src/kit/codec/mxnet/mxnet-symbol.ts';
import { printedFailure } from '../../dataset/tiny-faces.ts';

const decode = (text: string) =>
  printedFailure(() => mxnetSymbol.decode(new Cursor(Buffer.from(text), 'y1-symbol.json')));

test('a symbol that is cut off is damaged JSON, at the byte where it ends', async () => {
  expect(await decode('{"nodes": [')).toMatch(/^y1-symbol\.json: offset 11: damaged-json: /);
});

test('a symbol whose nodes are no list names what was expected', async () => {
  expect(await decode('{"nodes": 3, "arg_nodes": [], "heads": []}')).toMatch(
    /^y1-symbol\.json: offset 0: damaged-symbol: expected .*nodes/,
  );
});
