import { fail } from '../../src/core/failure.ts';
import type { Random } from '../../src/core/random.ts';
import type { FacePair, FaceImage } from '../../src/kit/codec/lists/face-pair.ts';
import type { PairProtocol } from '../../src/kit/codec/lists/pair-protocol.ts';
import { failures } from './failures.ts';

export interface PairRequest {
  /** Names of the people to compare. */
  readonly people: readonly string[];
  readonly imagesEach: number;
  /** In all; half of them of the same person. */
  readonly pairs: number;
}

/** Folds of the protocol; fewer if the pairs do not divide by ten. */
const maxFolds = 10;

/** Draws pairs without repetition, every person in about equally many. Fails with `too-few-images`. */
export function planPairs(request: PairRequest, random: Random): PairProtocol {
  const half = request.pairs / 2;
  checkPossible(request, half);
  const same = drawPairs(half, (index) => drawSame(request, index, random));
  const different = drawPairs(half, () => drawDifferent(request, random));
  const folds = Array.from({ length: maxFolds }, (_, index) => maxFolds - index).find((f) => half % f === 0) ?? 1;
  const pairsPerFold = half / folds;
  const pairs = Array.from({ length: request.pairs }, (_, index): FacePair => {
    const fold = Math.floor(index / (2 * pairsPerFold));
    const within = index % (2 * pairsPerFold);
    const isSame = within < pairsPerFold;
    const pair = (isSame ? same : different)[fold * pairsPerFold + (within % pairsPerFold)];
    if (pair === undefined) throw new Error(`no pair was drawn for place ${index}`);
    return { left: pair[0], right: pair[1], same: isSame, fold: fold + 1, line: index + 2 };
  });
  return { folds, pairsPerFold, pairs };
}

type Pair = readonly [FaceImage, FaceImage];

function checkPossible({ people, imagesEach }: PairRequest, half: number): void {
  const same = (people.length * imagesEach * (imagesEach - 1)) / 2;
  const different = ((people.length * (people.length - 1)) / 2) * imagesEach ** 2;
  if (half <= Math.min(same, different)) return;
  fail(failures.tooFewImages({ half, people: people.length, imagesEach, same, different }));
}

function drawPairs(count: number, draw: (index: number) => Pair): readonly Pair[] {
  const drawn = new Map<string, Pair>();
  while (drawn.size < count) {
    const pair = draw(drawn.size);
    const key = pair
      .map(({ name, number }) => `${name} ${number}`)
      .sort()
      .join(' ');
    drawn.set(key, drawn.get(key) ?? pair);
  }
  return [...drawn.values()];
}

function drawSame({ people, imagesEach }: PairRequest, index: number, random: Random): Pair {
  const name = people[index % people.length] ?? '';
  const first = random.integer(imagesEach);
  const second = (first + 1 + random.integer(imagesEach - 1)) % imagesEach;
  return [
    { name, number: first + 1 },
    { name, number: second + 1 },
  ];
}

function drawDifferent({ people, imagesEach }: PairRequest, random: Random): Pair {
  const left = random.integer(people.length);
  const right = (left + 1 + random.integer(people.length - 1)) % people.length;
  return [
    { name: people[left] ?? '', number: random.integer(imagesEach) + 1 },
    { name: people[right] ?? '', number: random.integer(imagesEach) + 1 },
  ];
}
