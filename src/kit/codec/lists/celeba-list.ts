import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { failures } from '../failures.ts';
import { readFilledLines, refuseLine, type TextLine } from '../text-lines.ts';
import type { ListedFace } from './listed-face.ts';

/*
 * Lists of CelebA (Anno of the set as it is published; on Kaggle as .csv without the first line), fields separated by spaces:
 *
 *   list_landmarks_celeba.txt         202599 / lefteye_x lefteye_y ... rightmouth_y / 000001.jpg 165 184 244 176 ...
 *   list_landmarks_align_celeba.txt   the same of the images of 178 x 218
 *   list_bbox_celeba.txt              202599 / image_id x_1 y_1 width height / 000001.jpg 95 71 226 313
 *   identity_CelebA.txt               000001.jpg 2880
 *
 * Points: left eye, right eye, nose, left and right corner of the mouth as seen in the image. Boxes are of the images as they
 * were found, not of the aligned ones.
 */
const titles = /^(?:image_id[\s,]+)?lefteye_x[\s,]+lefteye_y/;
const what = 'list of CelebA';

export function isCelebAList(head: Uint8Array): boolean {
  const [first = '', second = ''] = Buffer.from(head).toString('utf8').split('\n', 2);
  return titles.test(first) || (/^\s*\d+\s*$/.test(first) && titles.test(second));
}

/** The lists beside a list of points that are read with it. */
export function celebACompanions(list: string): { readonly boxes: string | undefined; readonly identities: string } {
  const folder = dirname(list);
  const isAligned = list.includes('landmarks_align');
  return {
    boxes: isAligned
      ? undefined
      : join(folder, list.endsWith('.csv') ? 'list_bbox_celeba.csv' : 'list_bbox_celeba.txt'),
    identities: join(folder, 'identity_CelebA.txt'),
  };
}

/** The faces of a list of points, with boxes and identities if their lists are beside it. Fails with `damaged-list`. */
export function* readCelebAList(list: string): Generator<ListedFace> {
  const { boxes, identities } = celebACompanions(list);
  const people = existsSync(identities) ? readIdentities(identities) : undefined;
  const others = boxes !== undefined && existsSync(boxes) ? rowsOf(boxes, 4) : undefined;
  for (const { path, numbers, line } of rowsOf(list, 10)) {
    const points = [...numbers.filter((_, index) => index % 2 === 0), ...numbers.filter((_, index) => index % 2 === 1)];
    const other = others?.next();
    if (other !== undefined && (other.done === true || other.value.path !== path)) {
      refuseLine(line, failures.damagedList, `the image of the same line of ${boxes ?? ''}`);
    }
    const [x = 0, y = 0, width = 0, height = 0] = other?.done === false ? other.value.numbers : [];
    const identity = people?.get(path);
    yield {
      ...{ path, points, line: line.number },
      ...(other === undefined ? {} : { box: [x, y, x + width, y + height] }),
      ...(identity === undefined ? {} : { identity }),
    };
  }
}

interface Row {
  readonly path: string;
  readonly numbers: readonly number[];
  readonly line: TextLine;
}

/** The rows of a list, as many as its first line says. */
function* rowsOf(file: string, count: number): Generator<Row> {
  let promised: number | undefined;
  let rows = 0;
  let last: TextLine | undefined;
  for (const line of readFilledLines(file, what)) {
    last = line;
    const [path = '', ...fields] = line.text.trim().split(/[\s,]+/);
    if (line.number === 1 && fields.length === 0 && /^\d+$/.test(path)) promised = Number(path);
    if (line.number <= 2 && !/\.[A-Za-z]{3,4}$/.test(path)) continue;
    const numbers = fields.map(Number);
    if (numbers.length !== count || !numbers.every(Number.isFinite)) {
      refuseLine(line, failures.damagedList, `an image and ${count} numbers`);
    }
    rows += 1;
    yield { path, numbers, line };
  }
  if (last !== undefined && promised !== undefined && promised !== rows) {
    refuseLine(
      last,
      failures.damagedList,
      `${promised} images, as the first line says, and not ${rows}; the last line is`,
    );
  }
}

function readIdentities(file: string): ReadonlyMap<string, string> {
  const people = new Map<string, string>();
  for (const line of readFilledLines(file, what)) {
    const [path, identity] = line.text.trim().split(/\s+/);
    if (path === undefined || identity === undefined || !/^\d+$/.test(identity)) {
      refuseLine(line, failures.damagedList, 'an image and the number of a person');
    }
    people.set(path, identity);
  }
  return people;
}
