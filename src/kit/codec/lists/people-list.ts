import { failures } from '../failures.ts';
import type { Codec } from '../codec.ts';
import { histogramOf } from '../description.ts';
import { filledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * LFW's people.txt: the number of folds, then in each fold a line with its number of people and as many lines
 * `name <TAB> number of images`. The development files start with the number of people and have one fold.
 */
export interface PeopleList {
  readonly folds: readonly (readonly Person[])[];
}

export interface Person {
  readonly name: string;
  readonly images: number;
}

export const peopleList: Codec<PeopleList> = {
  name: 'people-list',
  title: 'list of people (LFW people.txt)',
  summary: 'Who is in which fold, and with how many images.',
  endings: ['people.txt', 'peopleDevTrain.txt', 'peopleDevTest.txt'],
  sniff: (head) =>
    /^\s*\d+[^\S\n]*\n\s*(\d+[^\S\n]*\n\s*)?[^\s\d]\S*\t\d+[^\S\n]*\n/.test(Buffer.from(head).toString('utf8')),
  decode(cursor) {
    const lines = filledLines(cursor);
    const [first, second] = lines;
    if (first === undefined) return cursor.damaged('it is empty; a list of people starts with a number', 0);
    const single = second === undefined || !/^\s*\d+\s*$/.test(second.text);
    let at = single ? 0 : 1;
    const folds = Array.from({ length: single ? 1 : countOf(first, lines.length) }, () => {
      const header =
        lines[at] ?? refuseLine(lines.at(-1) ?? first, failures.damagedList, 'another fold after this line');
      const count = countOf(header, lines.length);
      const people = lines.slice(at + 1, at + 1 + count).map(parsePerson);
      if (people.length < count)
        refuseLine(header, failures.damagedList, `${people.length} people, the rest of the file`);
      at += 1 + count;
      return people;
    });
    const extra = lines[at];
    if (extra !== undefined) refuseLine(extra, failures.damagedList, 'the end of the list');
    return { folds };
  },
  describe(cursor) {
    const { folds } = peopleList.decode(cursor);
    const people = folds.flat();
    return {
      facts: [
        { name: 'folds', value: folds.length },
        { name: 'people', value: people.length },
        { name: 'images', value: people.reduce((sum, { images }) => sum + images, 0) },
      ],
      imagesPerIdentity: histogramOf(people.map(({ images }) => images)),
    };
  },
  encode({ folds }) {
    const blocks = folds.flatMap((people) => [
      String(people.length),
      ...people.map(({ name, images }) => `${name}\t${String(images)}`),
    ]);
    return Buffer.from([...(folds.length === 1 ? [] : [String(folds.length)]), ...blocks, ''].join('\n'));
  },
};

/** A number of folds or people; a fold and a person take a line each, so more than there are lines is refused. */
function countOf(line: TextLine, lines: number): number {
  const count = /^\s*\d{1,9}\s*$/.test(line.text) ? Number(line.text) : Infinity;
  if (count > lines) refuseLine(line, failures.damagedList, `a number of at most ${lines}`);
  return count;
}

function parsePerson(line: TextLine): Person {
  const match = /^(.*\S)\s+(\d{1,9})\s*$/.exec(line.text);
  if (match === null) return refuseLine(line, failures.damagedList, '"name images"');
  return { name: match[1] ?? '', images: Number(match[2]) };
}
