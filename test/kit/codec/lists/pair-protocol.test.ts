import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { pairProtocol } from '../../../../src/kit/codec/lists/pair-protocol.ts';
import { peopleInPairs, selectPairs } from '../../../../src/kit/codec/lists/pair-protocol.ts';
import { failuresOf } from '../../dataset/tiny-faces.ts';

const decode = (text: string) => pairProtocol.decode(new Cursor(Buffer.from(text), 'pairs.txt'));
const fold = (letter: string) =>
  `${letter}1\t1\t2\n${letter}2\t1\t2\n${letter}1\t1\t${letter}2\t3\n${letter}2\t1\t${letter}3\t4\n`;
const text = `3\t2\n${fold('a')}${fold('b')}${fold('c')}`;

describe('a pair protocol', () => {
  it('has folds of same pairs and then different pairs', () => {
    const protocol = decode(text);
    expect(protocol).toMatchObject({ folds: 3, pairsPerFold: 2 });
    expect(protocol.pairs.map((pair) => pair.fold)).toEqual([1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3]);
    expect(protocol.pairs[6]).toEqual({
      left: { name: 'b1', number: 1 },
      right: { name: 'b2', number: 3 },
      same: false,
      fold: 2,
      line: 8,
    });
    expect(Buffer.from(pairProtocol.encode(protocol)).toString()).toBe(text);
  });

  it('has one fold where the first line is one number', () => {
    expect(decode('1\nx 1 2\nx 1 y 1\n')).toMatchObject({ folds: 1, pairsPerFold: 1 });
  });

  it.each([
    ['', 'it is empty'],
    ['ten 300\n', 'expected "folds pairs"'],
    ['1 1\nx 1 2\nx 1\n', 'expected "name i j" or "name i name2 j", separated by tabs or spaces'],
    ['1 1\nx 1 two\nx 1 y 3\n', 'expected an image number instead of "two"'],
  ])('refuses %j', async (damaged, problem) => {
    const [failure] = await failuresOf(() => decode(damaged));
    expect(failure?.message).toContain(problem);
  });

  it('goes by the number of fields where counts or order are not those of the header, and has one fold then', async () => {
    const mixed = decode('2 1\nx 1 y 3\nx 1 2\nx 1 3\ny 1 x 3\n');
    expect(mixed.pairs.map(({ same }) => same)).toEqual([false, true, true, false]);
    expect(mixed).toMatchObject({ folds: 1, irregular: expect.stringContaining('not in the order') as string });
    const few = decode('10 300\nx 1 2\nx 1 y 3\nx 1 y 4\n');
    expect(few.pairs.map(({ same }) => same)).toEqual([true, false, false]);
    expect(few.irregular).toBe('the header promises 6000 pairs (2 x 300 in each of 10 folds), found 3');
    const [failure] = await failuresOf(() => selectPairs(few, [2], 'pairs.txt'));
    expect(failure?.code).toBe('unknown-fold');
  });

  it('names images by their files where these have no numbers', () => {
    const named = '1\nAda Byron\tIMG 20.jpg\tat home.jpeg\nAda Byron\tIMG 20.jpg\tBen\t1\n';
    const protocol = decode(named);
    expect(protocol.pairs).toMatchObject([
      {
        left: { name: 'Ada Byron', number: 'IMG 20.jpg' },
        right: { name: 'Ada Byron', number: 'at home.jpeg' },
        same: true,
      },
      { left: { name: 'Ada Byron', number: 'IMG 20.jpg' }, right: { name: 'Ben', number: 1 }, same: false },
    ]);
    expect(Buffer.from(pairProtocol.encode(protocol)).toString()).toBe(named);
    expect(pairProtocol.sniff(Buffer.from(named), 'mine.txt')).toBe(true);
  });

  it('keeps its order where all folds are chosen', () => {
    const protocol = decode(text);
    expect(selectPairs(protocol, [], 'pairs.txt')).toEqual(protocol.pairs);
    expect(selectPairs(protocol, [3, 1, 2], 'pairs.txt')).toEqual(protocol.pairs);
  });

  it('alternates same and different pairs where some folds are chosen', () => {
    const pairs = selectPairs(decode(text), [1, 3], 'pairs.txt');
    expect(pairs.map((pair) => pair.same)).toEqual([true, false, true, false, true, false, true, false]);
    expect([...peopleInPairs(pairs)].sort()).toEqual(['a1', 'a2', 'a3', 'c1', 'c2', 'c3']);
  });

  it('refuses a fold that is not there', async () => {
    const [failure] = await failuresOf(() => selectPairs(decode(text), [4], 'pairs.txt'));
    expect(failure?.message).toBe('fold 4 was asked for, but the protocol has folds 1 to 3');
  });

  const lfw = '../shared/data/lfw/pairs.txt';
  it.skipIf(!existsSync(lfw))('reads and rewrites the protocol of LFW, in which no person is in two folds', () => {
    const bytes = readFileSync(lfw);
    const protocol = pairProtocol.decode(new Cursor(bytes, lfw));
    expect(protocol.pairs).toHaveLength(6000);
    expect(Buffer.from(pairProtocol.encode(protocol)).equals(bytes)).toBe(true);
    const folds = Array.from({ length: 10 }, (_, index) => peopleInPairs(selectPairs(protocol, [index + 1], lfw)));
    const everyone = folds.flatMap((people) => [...people]);
    expect(new Set(everyone).size).toBe(everyone.length);
  });
});
