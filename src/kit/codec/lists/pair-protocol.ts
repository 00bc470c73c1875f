import { failures } from '../failures.ts';
import { fail } from '../../../core/failure.ts';
import type { Codec } from '../codec.ts';
import { pairFacts } from '../description.ts';
import type { FacePair } from './face-pair.ts';
import { parsePairList } from './pair-list.ts';
import { filledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * Pair protocol in the form of LFW's pairs.txt, fields separated by tabs (or, where a line has none, by spaces):
 *
 *   folds  n              or only n: one fold (pairsDevTrain.txt, pairsDevTest.txt)
 *   name   i  j           n lines: images i and j of one person
 *   name   i  name2  j    n lines: images of two people
 *   ...                   the same for each further fold
 *
 * Where the images of a person have no numbers, the name of the file replaces i or j: make-pairs writes it so.
 *
 * Lists without this header are read too: see {@link parsePairList}.
 *
 * Lists of people's own often have another number of lines or another order; lfw2pack reads these too, and only the
 * choice of folds needs what the header promises.
 */
export interface PairProtocol {
  readonly folds: number;
  /** Pairs of the same person in each fold, and as many of different people. */
  readonly pairsPerFold: number;
  /** In the order of the file. */
  readonly pairs: readonly FacePair[];
  /** What the lines are not that the header promises, in words: then all pairs are of one fold. Undefined: they are. */
  readonly irregular?: string;
}

/** The first lines of a list without a header: sure enough only where images have their endings. */
function isPairList(first: string, second: string): boolean {
  const isTitled = /(^|,)"?(is_?)?(same|label|match)"?(,|\s*$)/i.test(first) && /\.(jpe?g|png|bmp)"?,/i.test(second);
  const isPair = /^[^\s,]+\.(?:jpe?g|png|bmp)[ \t,](?:[^\s,]+\.(?:jpe?g|png|bmp)[ \t,])?\d+\s*$/i;
  return isTitled || [first, second].every((line) => isPair.test(line));
}

export const pairProtocol: Codec<PairProtocol> = {
  name: 'pair-protocol',
  title: 'pair protocol (LFW pairs.txt)',
  summary: 'Which images are compared, and whether they show the same person.',
  endings: ['pairs.txt', 'pairsDevTrain.txt', 'pairsDevTest.txt'],
  sniff(head) {
    const [header = '', first = ''] = Buffer.from(head).toString('utf8').split('\n', 2);
    if (isPairList(header, first)) return true;
    const isPair = /^\S+\s+\d+\s+(\d+|\S+\s+\d+)\s*$/.test(first) || /^[^\t]+\t[^\t]+\t([^\t]+\t)?[^\t]+$/.test(first);
    return /^\s*\d+(\s+\d+)?\s*$/.test(header) && isPair;
  },
  decode(cursor) {
    const [header, ...lines] = filledLines(cursor);
    if (header === undefined) return cursor.damaged('it is empty; a pair protocol starts with "folds pairs"', 0);
    if (!headerForm.test(header.text)) return headerless([header, ...lines]);
    const { folds, pairsPerFold } = parseHeader(header);
    const parsed = lines.map(parsePair);
    const expected = folds * pairsPerFold * 2;
    const isInPlace = (same: boolean, index: number): boolean => same === index % (2 * pairsPerFold) < pairsPerFold;
    const irregular =
      parsed.length !== expected
        ? `the header promises ${expected} pairs (2 x ${pairsPerFold} in each of ${folds} folds), found ${parsed.length}`
        : parsed.every(({ same }, index) => isInPlace(same, index))
          ? undefined
          : `the pairs are not in the order ${pairsPerFold} same, ${pairsPerFold} different in each fold`;
    if (irregular !== undefined) {
      const pairs = parsed.map((pair) => ({ ...pair, fold: 1 }));
      return { folds: 1, pairsPerFold: pairs.filter(({ same }) => same).length, pairs, irregular };
    }
    const foldOf = (index: number): number => Math.floor(index / (2 * pairsPerFold)) + 1;
    return { folds, pairsPerFold, pairs: parsed.map((pair, index) => ({ ...pair, fold: foldOf(index) })) };
  },
  describe(cursor) {
    const { pairs, folds, irregular } = pairProtocol.decode(cursor);
    const people = Array.from({ length: folds }, (_, fold) =>
      peopleInPairs(pairs.filter((pair) => pair.fold === fold + 1)),
    );
    const appearances = people.reduce((sum, names) => sum + names.size, 0);
    const distinct = peopleInPairs(pairs).size;
    return {
      facts: [...pairFacts(pairs, folds), { name: 'people', value: distinct }],
      notes:
        irregular !== undefined
          ? [`No folds can be chosen: ${irregular}.`]
          : folds > 1
            ? [
                appearances === distinct
                  ? 'No person is in two folds: a fold can be held out.'
                  : 'Some people are in several folds.',
              ]
            : [],
    };
  },
  encode(protocol) {
    const { folds, pairsPerFold } = protocol;
    const header = folds === 1 ? String(pairsPerFold) : `${String(folds)}\t${String(pairsPerFold)}`;
    return Buffer.from([header, ...protocol.pairs.map(renderPair), ''].join('\n'));
  },
};

const headerForm = /^\s*(\d{1,6})(?:\s+(\d{1,9}))?\s*$/;

/** A list without a header: its folds are those it tells, or else one. */
function headerless(lines: readonly TextLine[]): PairProtocol {
  const listed = parsePairList(lines);
  const folds = new Set(listed.map(({ fold }) => fold));
  const numbers = [...folds].filter((fold) => fold !== undefined).sort((a, b) => a - b);
  const isTold = numbers.length === folds.size && numbers.every((fold, index) => fold === index + 1 || fold === index);
  if (isTold && numbers.length > 1) {
    const first = numbers[0] ?? 0;
    const pairs = listed.map((pair) => ({ ...pair, fold: (pair.fold ?? 0) - first + 1 }));
    const sorted = pairs
      .map((pair, place) => ({ pair, place }))
      .sort((a, b) => a.pair.fold - b.pair.fold || a.place - b.place);
    const same = listed.filter((pair) => pair.same).length;
    return {
      folds: numbers.length,
      pairsPerFold: Math.floor(same / numbers.length),
      pairs: sorted.map(({ pair }) => pair),
    };
  }
  const pairs = listed.map((pair) => ({ ...pair, fold: 1 }));
  const same = pairs.filter((pair) => pair.same);
  const isMixed = tenths(pairs).every((part) => new Set(part.map((pair) => pair.same)).size === 2);
  const irregular = isMixed
    ? 'the list tells no folds: its pairs are taken in their order'
    : 'the list tells no folds: same and different pairs, which follow each other in blocks, are taken alternately';
  const mixed = isMixed
    ? pairs
    : interleave(
        same,
        pairs.filter((pair) => !pair.same),
      );
  return { folds: 1, pairsPerFold: same.length, pairs: mixed, irregular };
}

/** As a verification cuts its pairs into folds. */
function tenths<Item>(items: readonly Item[]): Item[][] {
  const count = Math.min(10, Math.max(1, Math.floor(items.length / 10)));
  return Array.from({ length: count }, (_, index) =>
    items.slice(Math.floor((index * items.length) / count), Math.floor(((index + 1) * items.length) / count)),
  );
}

function parseHeader(line: TextLine): { folds: number; pairsPerFold: number } {
  const match = headerForm.exec(line.text);
  if (match === null) refuseLine(line, failures.damagedProtocol, '"folds pairs" such as "10 300"');
  return match[2] === undefined
    ? { folds: 1, pairsPerFold: Number(match[1]) }
    : { folds: Number(match[1]), pairsPerFold: Number(match[2]) };
}

/** Of three fields: one person, of four: two, as lfw2pack tells them apart (insightface, src/data/lfw.py). */
function parsePair(line: TextLine): Omit<FacePair, 'fold'> {
  const text = line.text.trim();
  const fields = text.includes('\t') ? text.split('\t').map((field) => field.trim()) : text.split(/\s+/);
  const [name = '', first, second = '', third] = fields;
  if (fields.length !== 3 && fields.length !== 4) {
    refuseLine(line, failures.damagedProtocol, '"name i j" or "name i name2 j", separated by tabs or spaces');
  }
  const same = fields.length === 3;
  const left = { name, number: imageNumber(line, first) };
  const right = same ? { name, number: imageNumber(line, second) } : { name: second, number: imageNumber(line, third) };
  if (!same && second === name) {
    refuseLine(line, failures.damagedProtocol, `"${name} i j" for two images of one person, or another second name`);
  }
  if (same && right.number === left.number) refuseLine(line, failures.damagedProtocol, 'two images, and not one twice');
  return { left, right, same, line: line.number };
}

function imageNumber(line: TextLine, field: string | undefined): number | string {
  if (field !== undefined && /^[^/\\]+\.[A-Za-z0-9]+$/.test(field)) return field;
  if (field === undefined || !/^\d{1,9}$/.test(field)) {
    refuseLine(line, failures.damagedProtocol, `an image number instead of ${JSON.stringify(field ?? '')}`);
  }
  return Number(field);
}

function renderPair(pair: FacePair): string {
  const { left, right } = pair;
  return pair.same
    ? [left.name, left.number, right.number].join('\t')
    : [left.name, left.number, right.name, right.number].join('\t');
}

/**
 * The pairs of some folds of a protocol. All folds: in the order of the protocol, as the original packers write them.
 * Only some: same and different pairs interleaved evenly, because a verification cuts the set into contiguous folds,
 * and the protocol's own order (all same pairs of a fold, then all different ones) would make those one-sided.
 */
export function selectPairs<Pair extends { readonly fold: number; readonly same: boolean }>(
  protocol: { readonly folds: number; readonly pairs: readonly Pair[] },
  folds: readonly number[],
  file: string,
): readonly Pair[] {
  const unknown = folds.find((fold) => fold > protocol.folds);
  if (unknown !== undefined) {
    fail(failures.unknownFold({ fold: unknown, folds: protocol.folds }, { file }));
  }
  if (folds.length === 0 || folds.length === protocol.folds) return protocol.pairs;
  const chosen = protocol.pairs.filter((pair) => folds.includes(pair.fold));
  return interleave(
    chosen.filter((pair) => pair.same),
    chosen.filter((pair) => !pair.same),
  );
}

/** Merges two lists so that every stretch of the result holds both in the proportion of their lengths. */
function interleave<Item>(first: readonly Item[], second: readonly Item[]): Item[] {
  const place = (length: number) => (item: Item, index: number) => ({ item, at: (index + 0.5) / length });
  return [...first.map(place(first.length)), ...second.map(place(second.length))]
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item);
}

/** Everyone who appears in the pairs. */
export function peopleInPairs(pairs: readonly FacePair[]): ReadonlySet<string> {
  return new Set(pairs.flatMap((pair) => [pair.left.name, pair.right.name]));
}
