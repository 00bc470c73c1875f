import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fail } from '../../core/failure.ts';

/** A folder of pictures: one sub-folder per identity, `<identity>/<picture>.<extension>`. */
export interface ImageFolder {
  readonly folder: string;
  /** Sorted by name (code units), so that every file system gives the same order. */
  readonly identities: readonly FolderIdentity[];
  /** Files that are no pictures by their extension, and pictures outside an identity's folder. */
  readonly ignored: readonly string[];
}

export interface FolderIdentity {
  readonly name: string;
  /** File names, sorted. */
  readonly pictures: readonly string[];
}

/** Of files that count as pictures. */
export const pictureExtensions: readonly string[] = [
  '.jpg',
  '.jpeg',
  '.png',
  '.bmp',
  '.webp',
  '.gif',
  '.tif',
  '.tiff',
  '.pgm',
  '.ppm',
  '.heic',
  '.heif',
];

export function isPictureName(name: string): boolean {
  return pictureExtensions.includes(extname(name).toLowerCase());
}

/** Lists a folder of pictures; nothing is opened. Hidden files are passed over. */
export function listImageFolder(folder: string): ImageFolder {
  const listed = entriesOf(folder).map(({ name, isFolder }) => ({
    name,
    inside: isFolder ? sortedEntries(join(folder, name)) : undefined,
  }));
  const identities = listed.map(({ name, inside = [] }) => ({ name, pictures: picturesAmong(inside) }));
  const ignored = listed.flatMap(({ name, inside }) => (inside === undefined ? [name] : ignoredIn(name, inside)));
  return { folder, identities: identities.filter(({ pictures }) => pictures.length > 0), ignored };
}

function entriesOf(folder: string): FolderEntry[] {
  if (!existsSync(folder)) {
    fail({ code: 'missing-file', message: 'expected a folder of pictures, found nothing', at: { file: folder } });
  }
  return sortedEntries(folder);
}

/** Their names, in their order. */
function picturesAmong(entries: readonly FolderEntry[]): string[] {
  return entries.flatMap((entry) => (isPicture(entry) ? [entry.name] : []));
}

function ignoredIn(identity: string, entries: readonly FolderEntry[]): string[] {
  return entries.flatMap((entry) => (isPicture(entry) ? [] : [`${identity}/${entry.name}`]));
}

function isPicture({ name, isFolder }: FolderEntry): boolean {
  return !isFolder && isPictureName(name);
}

/** Names of pictures that are kept in memory, of half a megabyte; the folders of the others are listed again, so that any number can be packed. */
const keptNames = 20_000;

/** A folder of pictures that is gone through several times. Its folders are listed when they come, those of the first 20,000 pictures once. */
export class FolderListing {
  readonly folder: string;
  /** Names of the sub-folders, sorted. */
  readonly identities: readonly string[];
  readonly #stray: readonly string[];
  /** By identity, the names with a slash after each: one text takes a third of the memory of many. */
  readonly #kept = new Map<string, string>();
  readonly #ignored = new Map<string, readonly string[]>();
  #room = keptNames;

  constructor(folder: string) {
    const entries = entriesOf(folder);
    this.folder = folder;
    this.identities = entries.flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
    this.#stray = entries.flatMap(({ name, isFolder }) => (isFolder ? [] : [name]));
  }

  /** The names of the pictures of an identity, sorted; made one by one, so that none lives long. */
  *pictures(identity: string): Generator<string> {
    const names = this.#kept.get(identity) ?? this.#list(identity);
    for (let start = 0; start < names.length;) {
      const end = names.indexOf('/', start);
      yield names.slice(start, end);
      start = end + 1;
    }
  }

  /** The names, each followed by a slash. */
  #list(identity: string): string {
    const entries = sortedEntries(join(this.folder, identity));
    const pictures = entries.filter(isPicture);
    if (pictures.length < entries.length) this.#ignored.set(identity, ignoredIn(identity, entries));
    const names = pictures.map(({ name }) => `${name}/`).join('');
    if (pictures.length <= this.#room) {
      this.#room -= pictures.length;
      this.#kept.set(identity, names);
    }
    return names;
  }

  /** Files that are no pictures of an identity, as far as the folders were gone through. */
  get ignored(): readonly string[] {
    const within = this.identities.flatMap((identity) => this.#ignored.get(identity) ?? []);
    return [...this.#stray, ...within].sort((a, b) => (a < b ? -1 : 1));
  }
}

/**
 * The file of picture `number` of a person: `<name>/<name>_0001.<extension>` as in LFW, or `<name>/1.<extension>`.
 * Undefined where neither exists.
 */
export function findPicture(folder: string, name: string, number: number): string | undefined {
  const stems = [`${name}_${String(number).padStart(4, '0')}`, String(number)];
  for (const stem of stems) {
    for (const extension of pictureExtensions) {
      const path = join(folder, name, stem + extension);
      if (existsSync(path)) return path;
    }
  }
  return undefined;
}

interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

function sortedEntries(folder: string): FolderEntry[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory() || (entry.isSymbolicLink() && !isPictureName(entry.name)),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
