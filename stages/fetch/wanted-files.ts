import { fail } from '../../src/core/failure.ts';
import type { Params } from './contract.ts';
import { failures } from './failures.ts';

/** One file to bring, as the parameters describe it. */
export type WantedFile = Params['files'][number];

/**
 * Data sets by name. Addresses and digests are those that scikit-learn publishes for its copies of LFW
 * (sklearn/datasets/_lfw.py); the university's own server is no longer reliable.
 */
export const knownSets: Readonly<Record<Params['set'], readonly WantedFile[]>> = {
  none: [],
  lfw: [archive('lfw.tgz', '5976018', '055f7d9c632d7370e6fb4afc7468d40f970c34a80d4c6f50ffec63f5a8d536c0')],
  'lfw-funneled': [
    archive('lfw-funneled.tgz', '5976015', 'b47c8422c8cded889dc5a13418c4bc2abbda121092b3533a83306f90d900100a'),
  ],
  'lfw-pairs': [
    {
      ...archive('pairs.txt', '5976006', 'ea42330c62c92989f9d7c03237ed5d591365e89b3e649747777b70e692dc1592'),
      extract: false,
    },
  ],
};

function archive(name: string, number: string, sha256: string): WantedFile {
  return { url: `https://ndownloader.figshare.com/files/${number}`, mirrors: [], sha256, name, extract: true };
}

/** The files with the names they are stored under. Fails if two would share a name. */
export function nameFiles(files: readonly WantedFile[]): WantedFile[] {
  const named = files.map((file) => ({ ...file, name: file.name === '' ? nameInUrl(file.url) : file.name }));
  const twice = named.find(({ name }, index) => named.findIndex((other) => other.name === name) !== index);
  if (twice !== undefined) fail(failures.equalNames({ name: twice.name }));
  return named;
}

/** The last part of the path, without characters that are awkward in a file name. */
function nameInUrl(url: string): string {
  if (!URL.canParse(url)) fail(failures.badUrl({ url, problem: 'not a URL' }));
  const last = new URL(url).pathname.split('/').at(-1) ?? '';
  const name = last
    .replaceAll(/%[0-9a-fA-F]{2}/g, '_')
    .replaceAll(/[^A-Za-z0-9@._-]/g, '_')
    .replace(/^[.-]+/, '');
  return name === '' ? fail(failures.badUrl({ url, problem: 'no file name' })) : name;
}
