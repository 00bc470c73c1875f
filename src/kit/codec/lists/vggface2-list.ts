import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { failures } from '../failures.ts';
import { readFilledLines, refuseLine, type TextLine } from '../text-lines.ts';
import type { ListedFace } from './listed-face.ts';

/*
 * Lists of VGGFace2 (meta/bb_landmark of the set as it is published), CSV with a line of titles, images without their ending:
 *
 *   loose_landmark_train.csv   NAME_ID,P1X,P1Y,...,P5Y   "n000002/0001_01",75.81253,110.2077,...
 *   loose_bb_train.csv         NAME_ID,X,Y,W,H           "n000002/0001_01",161,140,224,324
 *
 * Points: left eye, right eye, nose, left and right corner of the mouth as seen in the image. Both lists are in one order.
 */
const titles = /^\uFEFF?"?NAME_ID"?\s*,\s*"?(P1X|X)"?\s*,/i;

export function isVggFace2List(head: Uint8Array): boolean {
  return titles.test(Buffer.from(head).toString('utf8'));
}

/** The list of boxes that belongs to a list of points: beside it, under its name. */
export function vggFace2Boxes(list: string): string {
  return join(dirname(list), basename(list).replace('landmark', 'bb'));
}

/** The faces of a list of points, with their boxes where the list of boxes is there; or of a list of boxes. Fails with `damaged-list`. */
export function* readVggFace2List(list: string): Generator<ListedFace> {
  const what = 'list of VGGFace2';
  const lines = readFilledLines(list, what);
  const title = lines.next();
  const [, first = ''] = titles.exec(title.done === true ? '' : title.value.text) ?? [];
  if (first.toUpperCase() === 'X') {
    for (const line of lines) yield { path: pathOf(line), box: boxOf(line), line: line.number };
    return;
  }
  const boxes = vggFace2Boxes(list);
  const others = boxes !== list && existsSync(boxes) ? readFilledLines(boxes, what) : undefined;
  others?.next();
  for (const line of lines) {
    const face = { path: pathOf(line), points: pointsOf(line), line: line.number };
    const other = others?.next();
    if (other === undefined) yield face;
    else if (other.done === true || pathOf(other.value) !== face.path) {
      refuseLine(line, failures.damagedList, `the image of the same line of ${basename(boxes)}`);
    } else yield { ...face, box: boxOf(other.value) };
  }
}

function pathOf({ text }: TextLine): string {
  const name = (text.split(',', 1)[0] ?? '').trim().replace(/^"(.*)"$/, '$1');
  return /\.[A-Za-z]{3,4}$/.test(name) ? name : `${name}.jpg`;
}

function numbersOf(line: TextLine, count: number, expected: string): readonly number[] {
  const fields = line.text.split(',').slice(1);
  const numbers = fields.map((field) => (field.trim() === '' ? NaN : Number(field)));
  if (numbers.length !== count || !numbers.every(Number.isFinite)) refuseLine(line, failures.damagedList, expected);
  return numbers;
}

function boxOf(line: TextLine): readonly number[] {
  const [x = 0, y = 0, width = 0, height = 0] = numbersOf(line, 4, 'NAME_ID,X,Y,W,H');
  return [x, y, x + width, y + height];
}

function pointsOf(line: TextLine): readonly number[] {
  const numbers = numbersOf(line, 10, 'NAME_ID and the x, y of five points');
  return [...numbers.filter((_, index) => index % 2 === 0), ...numbers.filter((_, index) => index % 2 === 1)];
}
