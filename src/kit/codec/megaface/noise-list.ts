import type { Codec } from '../codec.ts';
import { filledLines } from '../text-lines.ts';

/*
 * Noise list of MegaFace or FaceScrub (insightface, src/megaface/*_noises.txt): one image name per line, `#` starts
 * a comment line; where a line has tabs, its second column is the name. Names may be repeated.
 */
export interface NoiseList {
  readonly comments: readonly string[];
  /** In the order of the file, repetitions kept. */
  readonly names: readonly string[];
}

export const noiseList: Codec<NoiseList> = {
  name: 'noise-list',
  title: 'noise list',
  summary: 'Images of MegaFace or FaceScrub that show another person than they should.',
  endings: ['_noises.txt'],
  sniff: (head, fileName) =>
    fileName.endsWith('_noises.txt') || /^#.*noise|^#.*megaface/i.test(Buffer.from(head).toString('utf8')),
  decode(cursor) {
    const lines = filledLines(cursor).map((line) => line.text);
    return {
      comments: lines.filter((line) => line.startsWith('#')).map((line) => line.slice(1)),
      names: lines.filter((line) => !line.startsWith('#')).map((line) => (line.split('\t')[1] ?? line).trim()),
    };
  },
  describe(cursor) {
    const { names, comments } = noiseList.decode(cursor);
    const distinct = new Set(names).size;
    return {
      facts: [
        { name: 'names', value: names.length },
        { name: 'distinct names', value: distinct },
      ],
      notes: comments.map((comment) => `It says: ${comment.trim()}`),
    };
  },
  encode: ({ comments, names }) =>
    Buffer.from([...comments.map((comment) => `#${comment}`), ...names].map((line) => `${line}\n`).join('')),
};
