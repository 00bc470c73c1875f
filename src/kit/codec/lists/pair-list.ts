import { failures } from '../failures.ts';
import { refuseLine, type TextLine } from '../text-lines.ts';
import type { FaceImage, FacePair } from './face-pair.ts';

/*
 * Lists of pairs without the header of LFW's pairs.txt, as people have them. Fields are separated by commas, tabs or spaces:
 *
 *   a.jpg b.jpg 1          two images and whether they show one person; or the 1 first (face.evoLVe, AdaFace)
 *   a.jpg 1                CALFW, CPLFW: a line for each image, two lines a pair; 0: of two people
 *   b.jpg 1
 *   name 1 4               LFW's lines without their header, also as CSV (Kaggle's pairs.csv)
 *   name 1 name2 1
 *   left,right,same,fold   CSV whose first line names its columns
 *
 * Images are named by their paths in the folder of images. Whom they show is the folder of the path, or the name of the file
 * without its number: `Ada/1.jpg`, `Ada_0001.jpg`.
 */
export type ListedPair = Omit<FacePair, 'fold'> & { readonly fold: number | undefined };

/** Reads the pairs of a list without a header; `lines` are those that are filled. Fails with `damaged-protocol`. */
export function parsePairList(lines: readonly TextLine[]): ListedPair[] {
  const rows = lines.map((line): Row => ({ line, fields: fieldsOf(line.text) }));
  const [first, ...others] = rows;
  if (first === undefined) return [];
  const columns = columnsOf(first.fields);
  if (columns !== undefined) return others.map((row) => pairOfColumns(row, columns));
  // Kaggle's header of LFW's lines: name,imagenum1,imagenum2.
  const isTitled =
    first.fields.length >= 3 && first.fields[0] === 'name' && !first.fields.some((each) => /^\d+$/.test(each));
  const body = isTitled ? others : rows;
  if (body.every(({ fields }) => fields.length === 2 && isImage(fields[0] ?? '') && /^\d+$/.test(fields[1] ?? '')))
    return pairsOfLines(body);
  return body.map(pairOfRow);
}

interface Row {
  readonly line: TextLine;
  readonly fields: readonly string[];
}

function fieldsOf(text: string): string[] {
  const separator = text.includes(',') ? /,/ : text.includes('\t') ? /\t/ : /\s+/;
  const fields = text
    .trim()
    .split(separator)
    .map((field) => field.trim().replace(/^"(.*)"$/, '$1'));
  // Kaggle leaves the fourth field of a pair of one person empty.
  while (fields.length > 2 && fields.at(-1) === '') fields.pop();
  return fields;
}

interface Columns {
  readonly left: number;
  readonly right: number;
  readonly label: number;
  readonly fold: number;
}

const labelTitle = /^(is_?same|same|label|issame|match|is_?match|target|same_person|y|gt)$/i;
const foldTitle = /^fold(_?(id|index|number))?$/i;
/** The first of these of which there are two columns: `image_a` and `image_a_path`, the paths say more. */
const imageTitles = [/path/i, /^(image|img|file|photo|left|right|a|b|p\d|first|second)(_?\w*)?$/i];

/** Where in each row what stands, if the first row names columns. */
function columnsOf(titles: readonly string[]): Columns | undefined {
  const label = titles.findIndex((title) => labelTitle.test(title));
  if (label < 0) return undefined;
  const isOther = (index: number): boolean => index !== label && !foldTitle.test(titles[index] ?? '');
  const others = [...titles.keys()].filter(isOther);
  const named = imageTitles
    .map((pattern) => others.filter((index) => pattern.test(titles[index] ?? '')))
    .find((found) => found.length === 2);
  const [left, right] = named ?? others;
  if (left === undefined || right === undefined) return undefined;
  return { left, right, label, fold: titles.findIndex((title) => foldTitle.test(title)) };
}

function pairOfColumns({ line, fields }: Row, { left, right, label, fold }: Columns): ListedPair {
  const foldText = fields[fold];
  if (foldText !== undefined && !/^\d{1,6}$/.test(foldText)) {
    refuseLine(line, failures.damagedProtocol, 'a whole number as the fold');
  }
  return {
    left: imageOf(line, fields[left]),
    right: imageOf(line, fields[right]),
    same: labelOf(fields[label] ?? '') ?? refuseLine(line, failures.damagedProtocol, '1 or 0 as the label of a pair'),
    fold: foldText === undefined ? undefined : Number(foldText),
    line: line.number,
  };
}

function pairOfRow({ line, fields }: Row): ListedPair {
  const [one = '', two = '', three = '', four] = fields;
  const found = { fold: undefined, line: line.number };
  if (fields.length === 3 && isImage(one) && isImage(two) && labelOf(three) !== undefined) {
    return { left: imageOf(line, one), right: imageOf(line, two), same: labelOf(three) === true, ...found };
  }
  if (fields.length === 3 && isImage(two) && isImage(three) && labelOf(one) !== undefined) {
    return { left: imageOf(line, two), right: imageOf(line, three), same: labelOf(one) === true, ...found };
  }
  const numbers = [two, fields.length === 3 ? three : (four ?? '')];
  if ((fields.length === 3 || fields.length === 4) && numbers.every((each) => /^\d{1,9}$/.test(each))) {
    const same = fields.length === 3;
    const left = { name: one, number: Number(two) };
    const right = { name: same ? one : three, number: Number(numbers[1]) };
    if (left.name === right.name && (!same || left.number === right.number)) {
      refuseLine(line, failures.damagedProtocol, 'two images of one person, or of two people');
    }
    return { left, right, same, ...found };
  }
  return refuseLine(
    line,
    failures.damagedProtocol,
    '"folds pairs" such as "10 300", or without it "a.jpg b.jpg 1", "1 a.jpg b.jpg", "name i j" or "name i name2 j"',
  );
}

/** Two lines a pair, as CALFW and CPLFW have them: 0, or the number of the fold (CALFW), or 1 (CPLFW). */
function pairsOfLines(rows: readonly Row[]): ListedPair[] {
  const last = rows.at(-1);
  if (rows.length % 2 === 1 && last !== undefined) {
    refuseLine(last.line, failures.damagedProtocol, 'another line: two of them are a pair');
  }
  return rows.flatMap((row, index) => {
    const next = rows[index + 1];
    if (index % 2 === 1 || next === undefined) return [];
    const [left, token] = row.fields;
    const [right, otherToken] = next.fields;
    if (token !== otherToken)
      refuseLine(next.line, failures.damagedProtocol, `the number of the line before, ${token ?? ''}`);
    const images = { left: imageOf(row.line, left), right: imageOf(next.line, right) };
    return [{ ...images, same: token !== '0', fold: undefined, line: row.line.number }];
  });
}

function isImage(field: string): boolean {
  return /[^\d.]/.test(field) && labelOf(field) === undefined && /[./\\]/.test(field);
}

function labelOf(field: string): boolean | undefined {
  if (/^(1|1\.0|true|same)$/i.test(field)) return true;
  return /^(0|0\.0|-1|false|diff|different)$/i.test(field) ? false : undefined;
}

/** An image by its path. A path of its own stays beside the name of who is on it. */
function imageOf(line: TextLine, field: string | undefined): FaceImage {
  const path = (field ?? '').replaceAll('\\', '/').replace(/^\.\//, '');
  const parts = path.split('/');
  const file = parts.at(-1) ?? '';
  if (file === '' || path.startsWith('/') || parts.includes('..')) {
    refuseLine(line, failures.damagedProtocol, 'the path of an image within the folder of images');
  }
  const [, flat = file.replace(/\.[^.]*$/, '')] = /^(.+?)[_-]\d+\.\w+$/.exec(file) ?? [];
  return { name: parts.at(-2) ?? flat, number: file, path };
}
