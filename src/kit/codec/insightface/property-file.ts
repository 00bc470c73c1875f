import { failures } from '../failures.ts';
import { fail } from '../../../core/failure.ts';
import type { Codec } from '../codec.ts';

/*
 * `property`: one text line `identities,height,width`, e.g. `85742,112,112` (insightface, src/image_iter.py and
 * src/data/face2rec2.py). Of several such lines the last one wins; a line with one number (the packer of arcface_torch
 * writes how many images there are) is passed over. Written without or with a line feed.
 */
export interface Property {
  readonly identities: number;
  readonly height: number;
  readonly width: number;
}

/** File names in a packed training set; readers look for the property file under this one. */
export const packedFiles = {
  records: 'train.rec',
  index: 'train.idx',
  property: 'property',
  manifest: 'dataset.json',
} as const;

export const propertyFile: Codec<Property> = {
  name: 'property',
  title: 'property file',
  summary: 'How many identities a packed set has, and the height and width of its images.',
  endings: ['property'],
  sniff: (head, fileName) =>
    /(^|[/\\])property$/.test(fileName) || /^\d+,\d+,\d+(\s+\d+)?\s*$/.test(Buffer.from(head).toString('latin1')),
  decode(cursor) {
    const text = Buffer.from(cursor.take(cursor.remaining, 'the property line')).toString('latin1');
    const lines = text.split('\n').map((line) => line.replace(/\r$/, ''));
    const filled = lines.flatMap((line, index) => (line.trim() === '' ? [] : [{ line, number: index + 1 }]));
    const values = filled
      .filter(({ line }) => !/^\s*\d{1,12}\s*$/.test(line))
      .map(({ line, number }) => parseLine(cursor.file, line, number));
    return values.at(-1) ?? parseLine(cursor.file, filled[0]?.line ?? '', 1);
  },
  describe(cursor) {
    const { identities, width, height } = propertyFile.decode(cursor);
    return {
      facts: [
        { name: 'identities', value: identities },
        { name: 'width x height', value: `${String(width)} x ${String(height)}` },
      ],
    };
  },
  encode: ({ identities, height, width }) => Buffer.from(`${String(identities)},${String(height)},${String(width)}\n`),
};

function parseLine(file: string, line: string, number: number): Property {
  const match = /^\s*(\d{1,9})\s*,\s*(\d{1,5})\s*,\s*(\d{1,5})\s*$/.exec(line);
  if (match === null) {
    const at = { file, line: number, column: 1, length: Math.max(1, line.length), sourceLine: line };
    fail(failures.damagedProperty({ found: line.slice(0, 60) }, at));
  }
  return { identities: Number(match[1]), height: Number(match[2]), width: Number(match[3]) };
}
