import type { Codec } from '../codec.ts';
import { filledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * Pair protocol in the form of LFW's pairs.txt, fields separated by tabs (or, where a line has none, by spaces):
 *
 *   folds  n              or only n: one fold (pairsDevTrain.txt, pairsDevTest.txt)
 *   name   i  j           n lines: images i and j of one person
 *   name   i  name2  j    n lines: images of two people
 *   ...                   the same for each further fold
 */
export interface FaceImage {
  readonly name: string;
  /** Number of the image, from 1: file `<name>_0001`. */
  readonly number: number;
}

export interface FacePair {
  readonly left: FaceImage;
  readonly right: FaceImage;
  readonly same: boolean;
  /** Counted from 1. */
  readonly fold: number;
  /** Line in the file, from 1. */
  readonly line: number;
}

export interface PairProtocol {
  readonly folds: number;
  /** Pairs of the same person in each fold, and as many of different people. */
  readonly pairsPerFold: number;
  /** In the order of the file. */
  readonly pairs: readonly FacePair[];
}

export const pairProtocol: Codec<PairProtocol> = {
  name: 'pair-protocol',
  title: 'pair protocol (LFW pairs.txt)',
  summary: 'Which images are compared, and whether they show the same person.',
  endings: ['pairs.txt', 'pairsDevTrain.txt', 'pairsDevTest.txt'],
  sniff(head) {
    const [header = '', first = ''] = Buffer.from(head).toString('utf8').split('\n', 2);
    return /^\s*\d+(\s+\d+)?\s*$/.test(header) && /^\S+\s+\d+\s+(\d+|\S+\s+\d+)\s*$/.test(first);
  },
  decode(cursor) {
    const [header, ...lines] = filledLines(cursor);
    if (header === undefined) return cursor.damaged('it is empty; a pair protocol starts with "folds pairs"', 0);
    const { folds, pairsPerFold } = parseHeader(header);
    const expected = folds * pairsPerFold * 2;
    if (lines.length !== expected) {
      const last = lines.at(-1) ?? header;
      refuseLine(
        last,
        'damaged-protocol',
        `${expected} lines of pairs (2 x ${pairsPerFold} in each of ${folds} folds) instead of ${lines.length}, at the last line`,
      );
    }
    return { folds, pairsPerFold, pairs: lines.map((line, index) => parsePair(line, index, pairsPerFold)) };
  },
  encode(protocol) {
    const { folds, pairsPerFold } = protocol;
    const header = folds === 1 ? String(pairsPerFold) : `${String(folds)}\t${String(pairsPerFold)}`;
    return Buffer.from([header, ...protocol.pairs.map(renderPair), ''].join('\n'));
  },
};

function parseHeader(line: TextLine): { folds: number; pairsPerFold: number } {
  const match = /^\s*(\d{1,6})(?:\s+(\d{1,9}))?\s*$/.exec(line.text);
  if (match === null) refuseLine(line, 'damaged-protocol', '"folds pairs" such as "10 300"');
  return match[2] === undefined
    ? { folds: 1, pairsPerFold: Number(match[1]) }
    : { folds: Number(match[1]), pairsPerFold: Number(match[2]) };
}

function parsePair(line: TextLine, index: number, pairsPerFold: number): FacePair {
  const text = line.text.trim();
  const fields = text.includes('\t') ? text.split('\t').map((field) => field.trim()) : text.split(/\s+/);
  const [name = '', first, second = '', third] = fields;
  const fold = Math.floor(index / (2 * pairsPerFold)) + 1;
  const shouldBeSame = index % (2 * pairsPerFold) < pairsPerFold;
  if (fields.length !== (shouldBeSame ? 3 : 4)) {
    refuseLine(
      line,
      'damaged-protocol',
      shouldBeSame
        ? `"name i j" (line ${(index % (2 * pairsPerFold)) + 1} of fold ${fold})`
        : `"name i name2 j" (line ${(index % (2 * pairsPerFold)) + 1} of fold ${fold})`,
    );
  }
  const left = { name, number: imageNumber(line, first) };
  const right = shouldBeSame
    ? { name, number: imageNumber(line, second) }
    : { name: second, number: imageNumber(line, third) };
  return { left, right, same: shouldBeSame, fold, line: line.number };
}

function imageNumber(line: TextLine, field: string | undefined): number {
  if (field === undefined || !/^\d{1,9}$/.test(field)) {
    refuseLine(line, 'damaged-protocol', `an image number instead of ${JSON.stringify(field ?? '')}`);
  }
  return Number(field);
}

function renderPair(pair: FacePair): string {
  const { left, right } = pair;
  return pair.same
    ? [left.name, left.number, right.number].join('\t')
    : [left.name, left.number, right.name, right.number].join('\t');
}
