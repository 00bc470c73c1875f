import { fail } from '../../src/core/failure.ts';
import type { WantedFile } from './known-sets.ts';

/** The files with the names they are stored under. Fails where there is none to bring, or two would share a name. */
export function nameFiles(files: readonly WantedFile[]): WantedFile[] {
  const named = files.map((file) => ({ ...file, name: file.name === '' ? nameInUrl(file.url) : file.name }));
  if (named.length === 0) {
    fail({
      code: 'nothing-to-fetch',
      message: 'neither a set nor files are given',
      hint: 'set: lfw, or files: [{ url: https://..., sha256: ... }].',
    });
  }
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) {
    fail({
      code: 'equal-names',
      message: `two files would be stored as ${twice.name}`,
      hint: 'Give one of them a name of its own: name: other.bin.',
    });
  }
  return named;
}

/** The last part of the path, without characters that are awkward in a file name. */
function nameInUrl(url: string): string {
  if (!URL.canParse(url)) fail({ code: 'bad-url', message: `${url} is no URL` });
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const name = last
    .replaceAll(/%[0-9a-fA-F]{2}/g, '_')
    .replaceAll(/[^A-Za-z0-9@._-]/g, '_')
    .replace(/^[.-]+/, '');
  if (name !== '') return name;
  return fail({
    code: 'bad-url',
    message: `${url} ends in no file name`,
    hint: 'Say how to store it: name: faces.zip.',
  });
}
