import { closeSync, readSync } from 'node:fs';
import { resolve, sep } from 'node:path';
import { failures } from '../failures.ts';
import { openForReading } from '../read-file.ts';
import type { Codec } from '../codec.ts';
import { countEach, histogramOf } from '../description.ts';
import { filledLines, readFilledLines, refuseLine, type TextLine } from '../text-lines.ts';

/*
 * Packing list (.lst), tab separated, one image per line. Two forms:
 *
 *   face2rec2 (insightface, src/data/face2rec2.py):  aligned  path  label  [x1 y1 x2 y2  [x1..x5 y1..y5]]
 *     3, 7 or 17 columns; aligned 0 or 1, label and box integers, points floats
 *   im2rec (MXNet, tools/im2rec.py):                 index  label [label ...]  path
 *     three columns or more; the last one is the path
 */
export type PackingList =
  | { readonly form: 'face2rec2'; readonly entries: readonly FaceEntry[] }
  | { readonly form: 'im2rec'; readonly entries: readonly IndexedEntry[] };

export interface FaceEntry {
  /** The image is the final crop already; otherwise it is aligned while packing. */
  readonly aligned: boolean;
  readonly path: string;
  readonly label: number;
  /** x1, y1, x2, y2. */
  readonly box?: readonly [number, number, number, number];
  /** Left eye, right eye, nose, left and right mouth corner as seen in the image: five x, then five y. */
  readonly points?: readonly number[];
  /** Line in the file, from 1. */
  readonly line: number;
}

export interface IndexedEntry {
  readonly index: number;
  readonly labels: readonly number[];
  readonly path: string;
  readonly line: number;
}

export const packingList: Codec<PackingList> = {
  name: 'packing-list',
  title: 'packing list',
  summary: 'Which images to pack, in which order, with which labels.',
  endings: ['.lst', '/lst'],
  sniff(head) {
    const first = Buffer.from(head).toString('utf8').split('\n', 1)[0] ?? '';
    return isFaceLine(fieldsOf(first)) || isIndexedLine(fieldsOf(first));
  },
  decode(cursor) {
    const lines = filledLines(cursor);
    const [first] = lines;
    if (first !== undefined && isIndexedLine(fieldsOf(first.text))) {
      return { form: 'im2rec', entries: lines.map(parseIndexedLine) };
    }
    return { form: 'face2rec2', entries: lines.map(parseFaceLine) };
  },
  describe(cursor) {
    const list = packingList.decode(cursor);
    const labels =
      list.form === 'face2rec2'
        ? list.entries.map(({ label }) => label)
        : list.entries.map((entry) => entry.labels[0] ?? 0);
    const counts = countEach(labels);
    const runs = labels.filter((label, index) => label !== labels[index - 1]).length;
    return {
      facts: [
        { name: 'form', value: list.form },
        { name: 'images', value: labels.length },
        { name: 'labels', value: counts.size },
        ...(list.form === 'face2rec2'
          ? [
              { name: 'aligned', value: list.entries.filter(({ aligned }) => aligned).length },
              { name: 'with box', value: list.entries.filter(({ box }) => box !== undefined).length },
              { name: 'with points', value: list.entries.filter(({ points }) => points !== undefined).length },
            ]
          : []),
      ],
      notes:
        runs > counts.size ? ['The images of a label are not always together; packing for training needs that.'] : [],
      imagesPerIdentity: histogramOf(counts.values()),
    };
  },
  encode(list) {
    const lines = list.form === 'im2rec' ? list.entries.map(renderIndexed) : list.entries.map(renderFace);
    return Buffer.from(lines.map((line) => `${line}\n`).join(''));
  },
};

/** The entries of a list of any size, one after the other; the first line decides which form it has. */
export function* readPackingList(path: string): Generator<FaceEntry | IndexedEntry> {
  let parse: typeof parseFaceLine | typeof parseIndexedLine | undefined;
  for (const line of readFilledLines(path, packingList.title)) {
    parse ??= isIndexedLine(fieldsOf(line.text)) ? parseIndexedLine : parseFaceLine;
    yield parse(line);
  }
}

/** Absolute paths of the images that a list names and that are not in `folder`, to which its relative paths belong. */
export function* imagesOutside(list: string, folder: string): Generator<string> {
  if (!mayLeadOut(list)) return;
  const inside = `${resolve(folder)}${sep}`;
  for (const { path } of readPackingList(list)) {
    const absolute = resolve(folder, path);
    if (!absolute.startsWith(inside)) yield absolute;
  }
}

/** Whether a path of a list may be absolute or go upwards: answered at the speed of reading, for lists of millions. */
function mayLeadOut(list: string): boolean {
  const { descriptor } = openForReading(list, packingList.title);
  try {
    const chunk = Buffer.alloc(1 << 20);
    for (let at = 0; ;) {
      const got = readSync(descriptor, chunk, 0, chunk.length, at);
      const text = chunk.subarray(0, got);
      if (text.includes('\t/') || text.includes('..')) return true;
      // The two bytes in question may be on both sides of a border.
      if (got < chunk.length) return false;
      at += got - 1;
    }
  } finally {
    closeSync(descriptor);
  }
}

const wholeNumber = /^-?\d{1,15}$/;
const anyNumber = /^[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d{1,3})?$/;

function isFaceLine(fields: readonly string[]): boolean {
  const [aligned = '', path = '', label = ''] = fields;
  if (![3, 7, 17].includes(fields.length) || !/^[01]$/.test(aligned) || path === '' || !wholeNumber.test(label))
    return false;
  // A line of im2rec may have as many columns, the path at the end of them.
  return (
    fields.length === 3 ||
    !fields.slice(1, -1).every((field) => anyNumber.test(field)) ||
    anyNumber.test(fields.at(-1) ?? '')
  );
}

/** The original readers strip lines too. */
function fieldsOf(line: string): string[] {
  return line.trimEnd().split('\t');
}

function isIndexedLine(fields: readonly string[]): boolean {
  if (isFaceLine(fields)) return false;
  return (
    fields.length >= 3 &&
    wholeNumber.test(fields[0] ?? '') &&
    fields.slice(1, -1).every((field) => anyNumber.test(field))
  );
}

function parseFaceLine(line: TextLine): FaceEntry {
  const fields = fieldsOf(line.text);
  if (!isFaceLine(fields)) {
    refuseLine(
      line,
      failures.damagedList,
      '3, 7 or 17 tab separated columns: aligned (0 or 1), path, label, box (4), points (10)',
    );
  }
  const [aligned, path = '', label, ...rest] = fields;
  const numbers = rest.map((field) => parseNumber(line, field));
  return {
    aligned: aligned === '1',
    path,
    label: Number(label),
    ...(numbers.length >= 4 ? { box: [numbers[0] ?? 0, numbers[1] ?? 0, numbers[2] ?? 0, numbers[3] ?? 0] } : {}),
    ...(numbers.length >= 14 ? { points: numbers.slice(4) } : {}),
    line: line.number,
  };
}

function parseIndexedLine(line: TextLine): IndexedEntry {
  const fields = fieldsOf(line.text);
  if (!isIndexedLine(fields)) {
    refuseLine(line, failures.damagedList, 'tab separated columns: index, one label or more, path');
  }
  return {
    index: Number(fields[0]),
    labels: fields.slice(1, -1).map((field) => parseNumber(line, field)),
    path: fields.at(-1) ?? '',
    line: line.number,
  };
}

function parseNumber(line: TextLine, field: string): number {
  if (!anyNumber.test(field.trim()))
    refuseLine(line, failures.damagedList, `a number instead of ${JSON.stringify(field)}`);
  return Number(field);
}

function renderFace(entry: FaceEntry): string {
  const numbers = [...(entry.box ?? []), ...(entry.points ?? [])].map(String);
  return [entry.aligned ? '1' : '0', entry.path, String(entry.label), ...numbers].join('\t');
}

function renderIndexed(entry: IndexedEntry): string {
  return [String(entry.index), ...entry.labels.map(String), entry.path].join('\t');
}
