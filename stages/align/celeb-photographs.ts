import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import { readFilledLines, type TextLine } from '../../src/kit/codec/text-lines.ts';
import { failures } from './failures.ts';
import type { Photograph, Photographs } from './photograph.ts';

/*
 * MS-Celeb-1M as the 2018 system read it (insightface, src/align/align_celeb.py): a file of lines, fields split at white
 * space: the identity, the number of the image, ..., the image in base64. Beside it <file>_clean_list.txt with lines
 * ./<identity>/<number>.<ending>, if it is there: only identities in it are taken, with all of their images.
 */
export const cleanListOf = (file: string): string => `${file}_clean_list.txt`;

/** The images of a file of MS-Celeb-1M, in its order. How many there are is known at its end only. */
export function celebPhotographs(file: string): Photographs {
  const cleanList = cleanListOf(file);
  const ignored: string[] = [];
  const wanted = existsSync(cleanList) ? cleanIdentities(cleanList, ignored) : undefined;
  return {
    survey: () => ({ count: undefined, ignored }),
    *all() {
      for (const line of readFilledLines(file, 'file of MS-Celeb-1M')) {
        const photograph = photographOf(line, file);
        if (wanted === undefined || wanted.has(photograph.identity)) yield photograph;
      }
    },
  };
}

function cleanIdentities(list: string, ignored: string[]): ReadonlySet<string> {
  const identities = new Set<string>();
  for (const { text } of readFilledLines(list, 'list of clean images')) {
    const [, identity, name = ''] = text.trim().split('/');
    const stem = name.includes('.') ? name.slice(0, name.lastIndexOf('.')) : name;
    // The original counts these as errors, and goes on.
    if (identity === undefined || !/^\d+$/.test(stem)) ignored.push(`${basename(list)}: ${text.trim().slice(0, 60)}`);
    else identities.add(identity);
  }
  return identities;
}

function photographOf({ text, number: line }: TextLine, file: string): Photograph {
  const fields = text.trim().split(/\s+/);
  const [identity = '', image = ''] = fields;
  const encoded = fields.at(-1) ?? '';
  const what = `line ${line} (image ${image} of ${identity})`;
  return {
    name: `${identity}/${image}`,
    identity,
    target: `${identity.replaceAll('/', '_')}/${image.replaceAll('/', '_')}`,
    load() {
      const at = { file, line, column: 1, length: 1 };
      if (fields.length < 3) fail(failures.notACelebLine({ fields: fields.length }, at));
      return { bytes: Buffer.from(encoded, 'base64'), origin: { file, what } };
    },
    known: () => ({}),
  };
}
