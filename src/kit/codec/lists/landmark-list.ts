import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { countEach, histogramOf } from '../description.ts';
import { filledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * Landmark list as alignment tools write it, fields separated by spaces: `path x1 y1 x2 y2` and the five points as
 * x, y pairs: left eye, right eye, nose, left and right mouth corner as seen in the image. No label: the identity is
 * the folder of the path.
 */
export interface LandmarkList {
  readonly entries: readonly LandmarkEntry[];
}

export interface LandmarkEntry {
  readonly path: string;
  /** x1, y1, x2, y2. */
  readonly box: readonly number[];
  /** Five x, then five y, as packing lists have them. */
  readonly points: readonly number[];
  /** Line in the file, from 1. */
  readonly line: number;
}

/** Of a box, and of five points. */
const numbersInLine = 14;

/** The path, which may hold spaces, and the numbers behind it; undefined if it is another kind of line. */
function partsOf(text: string): { readonly path: string; readonly numbers: readonly number[] } | undefined {
  const words = [...text.matchAll(/\S+/g)];
  const first = words.at(-numbersInLine);
  const numbers = words.slice(-numbersInLine).map(([word]) => word);
  if (first === undefined || words.length <= numbersInLine || words[0]?.index !== 0) return undefined;
  if (!numbers.every((word) => /^-?\d+(?:\.\d+)?$/.test(word))) return undefined;
  return { path: text.slice(0, first.index).trimEnd(), numbers: numbers.map(Number) };
}

export const landmarkList: Codec<LandmarkList> = {
  name: 'landmark-list',
  title: 'landmark list',
  summary: 'Box and five points of the face in each image of a data set.',
  endings: ['.txt'],
  sniff: (head) => partsOf(Buffer.from(head).toString('utf8').split('\n', 1)[0] ?? '') !== undefined,
  decode: (cursor) => ({ entries: filledLines(cursor).map(parseEntry) }),
  describe(cursor) {
    const { entries } = landmarkList.decode(cursor);
    const counts = countEach(entries.map(({ path }) => path.split('/').at(-2) ?? ''));
    return {
      facts: [
        { name: 'images', value: entries.length },
        { name: 'identities (folders)', value: counts.size },
      ],
      imagesPerIdentity: histogramOf(counts.values()),
    };
  },
  encode: ({ entries }) => Buffer.from(entries.map((entry) => `${renderEntry(entry)}\n`).join('')),
};

function parseEntry(line: TextLine): LandmarkEntry {
  const parts = partsOf(line.text);
  if (parts === undefined)
    return refuseLine(line, failures.damagedList, 'a path, four numbers of a box and ten of five points');
  const { path, numbers } = parts;
  const points = numbers.slice(4);
  return {
    path,
    box: numbers.slice(0, 4),
    points: [...points.filter((_, index) => index % 2 === 0), ...points.filter((_, index) => index % 2 === 1)],
    line: line.number,
  };
}

function renderEntry({ path, box, points }: LandmarkEntry): string {
  const count = points.length / 2;
  const pairs = Array.from({ length: count }, (_, index) => [points[index], points[count + index]]);
  return [path, ...box, ...pairs.flat()].join(' ');
}
