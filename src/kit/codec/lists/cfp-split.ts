import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import { readFilledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * The lists of CFP as they are published (Sengupta et al., WACV 2016; Readme.txt of cfp-dataset.zip):
 *
 *   Protocol/Pair_list_F.txt, Pair_list_P.txt   number and path of an image: `1 ../Data/Images/001/frontal/01.jpg`
 *   Protocol/Split/FP/01/same.txt, diff.txt     pairs of numbers from 1, `1,3`: ten folds of 350 lines each
 *
 * FF: both numbers are of the frontal list. FP: the second is of the list of profiles.
 */

interface CfpPair {
  /** Path in the folder of images: `001/frontal/01.jpg`. */
  readonly left: string;
  readonly right: string;
  readonly same: boolean;
  /** Counted from 1. */
  readonly fold: number;
}

/** A folder is taken for a split of CFP; protocols of others are files. */
export function isCfpSplit(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

/** The lists of images that a split refers to, which are above it. */
function imageListsOf(split: string): readonly [left: string, right: string] {
  const [left, right] = /^F([FP])$/.exec(basename(split)) ?? [];
  if (left === undefined || right === undefined) fail(failures.notACfpSplit({}, { file: split }));
  return [listAbove(split, 'Pair_list_F.txt'), listAbove(split, `Pair_list_${right}.txt`)];
}

/** The files beside a protocol that decide what it says; none for anything but a split of CFP. */
export function listsBeside(protocol: string): readonly string[] {
  return isCfpSplit(protocol) && /^F[FP]$/.test(basename(protocol)) ? imageListsOf(protocol) : [];
}

/** In Protocol, or, as the Readme draws it, in Protocol/Split. */
function listAbove(split: string, name: string): string {
  const above = dirname(split);
  const places = [join(dirname(above), name), join(above, name)];
  return places.find((place) => existsSync(place)) ?? join(dirname(above), name);
}

/** The pairs of a split, fold by fold, first those of one person. Fails with `damaged-protocol` and `not-a-cfp-split`. */
export function pairsOfCfpSplit(split: string): CfpPair[] {
  const [left, right] = imageListsOf(split).map(readImages);
  const folds = readdirSync(split)
    .filter((name) => /^\d{1,3}$/.test(name))
    .sort((one, other) => Number(one) - Number(other));
  if (left === undefined || right === undefined || folds.length === 0) fail(failures.notACfpSplit({}, { file: split }));
  return folds.flatMap((name, index) =>
    ['same.txt', 'diff.txt'].flatMap((file): CfpPair[] => {
      const lines = [...readFilledLines(join(split, name, file), 'list of pairs of CFP')];
      return lines.map((line) => {
        const [, one, other] = /^\s*(\d{1,6})\s*,\s*(\d{1,6})\s*$/.exec(line.text) ?? [];
        if (one === undefined || other === undefined) {
          refuseLine(line, failures.damagedProtocol, 'two numbers of images, separated by a comma');
        }
        const pair = { left: imageOf(line, left, one), right: imageOf(line, right, other) };
        return { ...pair, same: file === 'same.txt', fold: index + 1 };
      });
    }),
  );
}

function imageOf(line: TextLine, images: ReadonlyMap<number, string>, number: string): string {
  return (
    images.get(Number(number)) ?? refuseLine(line, failures.damagedProtocol, 'numbers that the lists of images have')
  );
}

function readImages(file: string): ReadonlyMap<number, string> {
  const images = new Map<number, string>();
  for (const line of readFilledLines(file, 'list of images of CFP')) {
    const [, number, path] = /^\s*(\d{1,6})\s+(\S+)\s*$/.exec(line.text) ?? [];
    const within = path?.split('/').slice(-3).join('/');
    if (within === undefined || !/^\d+\/(?:frontal|profile)\/[^/]+$/.test(within)) {
      refuseLine(line, failures.damagedProtocol, '"number ../Data/Images/person/frontal/image.jpg"');
    }
    images.set(Number(number), within);
  }
  return images;
}
