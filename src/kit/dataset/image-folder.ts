import { existsSync, readdirSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { fail } from '../../core/failure.ts';
import { failures } from './failures.ts';
import { requireNoFile } from './require-folder.ts';

/** A folder of images: one sub-folder per identity, `<identity>/<image>.<extension>`. */
export interface ImageFolder {
  readonly folder: string;
  /** Sorted by name (code units), so that the order is the same on every file system. */
  readonly identities: readonly FolderIdentity[];
  /** Files that are not images by their extension, and images outside an identity's folder. */
  readonly ignored: readonly string[];
}

export interface FolderIdentity {
  readonly name: string;
  /** File names, sorted. */
  readonly images: readonly string[];
}

/** Of files that count as images. */
export const imageExtensions: readonly string[] = [
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

export function isImageName(name: string): boolean {
  return imageExtensions.includes(extname(name).toLowerCase());
}

/** The name of an image file without its extension; any other name as it is. */
export function withoutExtension(name: string): string {
  return isImageName(name) ? name.slice(0, -extname(name).length) : name;
}

/** Lists a folder of images; nothing is opened. Hidden files are passed over. */
export function listImageFolder(folder: string): ImageFolder {
  const listed = entriesOf(folder).map(({ name, isFolder }) => ({
    name,
    inside: isFolder ? sortedEntries(join(folder, name)) : undefined,
  }));
  const identities = listed.map(({ name, inside = [] }) => ({ name, images: imagesAmong(inside) }));
  const ignored = listed.flatMap(({ name, inside }) => (inside === undefined ? [name] : ignoredIn(name, inside)));
  return { folder, identities: identities.filter(({ images }) => images.length > 0), ignored };
}

function entriesOf(folder: string): FolderEntry[] {
  if (!existsSync(folder)) {
    fail(failures.missingFolder({}, { file: folder }));
  }
  requireNoFile(folder);
  return sortedEntries(folder);
}

/** Their names, in their order. */
function imagesAmong(entries: readonly FolderEntry[]): string[] {
  return entries.flatMap((entry) => (isImage(entry) ? [entry.name] : []));
}

function ignoredIn(identity: string, entries: readonly FolderEntry[]): string[] {
  return entries.flatMap((entry) => (isImage(entry) ? [] : [`${identity}/${entry.name}`]));
}

function isImage({ name, isFolder }: FolderEntry): boolean {
  return !isFolder && isImageName(name);
}

/** Names of images that are kept in memory, of half a megabyte; the folders of the others are listed again, so that any number can be packed. */
const keptNames = 20_000;

/** A folder of images that is gone through several times. Its folders are listed when they come, those of the first 20,000 images once. */
export class FolderListing {
  readonly folder: string;
  /** Names of the sub-folders, sorted. */
  readonly identities: readonly string[];
  readonly #stray: readonly string[];
  /** By identity, the names with a slash after each: one text takes a third of the memory of many. */
  readonly #kept = new Map<string, string>();
  readonly #ignored = new Map<string, readonly string[]>();
  readonly #empty = new Set<string>();
  #room = keptNames;

  constructor(folder: string) {
    const entries = entriesOf(folder);
    this.folder = folder;
    this.identities = entries.flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
    this.#stray = entries.flatMap(({ name, isFolder }) => (isFolder ? [] : [name]));
  }

  /** The names of the images of an identity, sorted; made one by one, so that none lives long. */
  *images(identity: string): Generator<string> {
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
    const images = entries.filter(isImage);
    if (images.length < entries.length) this.#ignored.set(identity, ignoredIn(identity, entries));
    if (images.length === 0) this.#empty.add(identity);
    const names = images.map(({ name }) => `${name}/`).join('');
    if (images.length <= this.#room) {
      this.#room -= images.length;
      this.#kept.set(identity, names);
    }
    return names;
  }

  /** Path of the first sub-folder that itself is a folder of images by identity; undefined without one. */
  get nested(): string | undefined {
    return this.identities
      .map((name) => join(this.folder, name))
      .find((folder) => {
        const people = sortedEntries(folder).filter(({ isFolder }) => isFolder);
        return people.some(({ name }) => imagesAmong(sortedEntries(join(folder, name))).length > 0);
      });
  }

  /** Sub-folders without an image, among those that were listed. */
  get empty(): readonly string[] {
    return [...this.#empty];
  }

  /** Files that are not images of an identity, in the folders that were listed. */
  get ignored(): readonly string[] {
    const within = this.identities.flatMap((identity) => this.#ignored.get(identity) ?? []);
    return [...this.#stray, ...within].sort((a, b) => (a < b ? -1 : 1));
  }
}

/** How a protocol names an image. */
export interface WantedImage {
  readonly name: string;
  readonly number: number | string;
  readonly path?: string;
}

/**
 * The file of image `number` of a person: `<name>/<name>_0001.<extension>` as in LFW, or `<name>/1.<extension>`; or the
 * file of that name, where it is one; or, of lists that tell a path, that. Undefined where none exists.
 */
export function findImage(folder: string, { name, number, path: told }: WantedImage): string | undefined {
  if (told !== undefined) {
    const path = join(folder, told);
    if (isImageName(told) && existsSync(path)) return path;
    const bare = imageAt(folder, told, told.replace(/\.[A-Za-z]+$/, ''));
    if (bare !== undefined) return bare;
  }
  if (typeof number === 'string') {
    const path = join(folder, name, number);
    return !name.split('/').includes('..') && isImageName(number) && existsSync(path) ? path : undefined;
  }
  const stems = [`${name}_${String(number).padStart(4, '0')}`, String(number)];
  return imageAt(folder, ...stems.map((stem) => `${name}/${stem}`));
}

/**
 * The file of an image of which the extension is left open, in capital or small letters, by its path in `folder` without
 * it. The first of several paths that exists; undefined where none does, or where it would not be in the folder.
 */
export function imageAt(folder: string, ...paths: readonly string[]): string | undefined {
  const inside = paths.filter((path) => !path.split('/').includes('..'));
  for (const path of inside) {
    const found = imageExtensions.map((extension) => join(folder, path + extension)).find((each) => existsSync(each));
    if (found !== undefined) return found;
  }
  for (const path of inside) {
    const [place, stem] = [dirname(join(folder, path)), basename(path)];
    if (statSync(place, { throwIfNoEntry: false })?.isDirectory() !== true) continue;
    const name = readdirSync(place).find((each) => isImageName(each) && each.slice(0, -extname(each).length) === stem);
    if (name !== undefined) return join(place, name);
  }
  return undefined;
}

export interface FolderEntry {
  readonly name: string;
  readonly isFolder: boolean;
}

export function sortedEntries(folder: string): FolderEntry[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => {
      const { name } = entry;
      requireReadableName(folder, name);
      if (!entry.isSymbolicLink()) return { name, isFolder: entry.isDirectory() };
      const target = statSync(join(folder, name), { throwIfNoEntry: false });
      return { name, isFolder: target?.isDirectory() === true };
    })
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}

/** Bytes that are no UTF-8 are read as U+FFFD, and a file cannot be opened under that name. */
function requireReadableName(folder: string, name: string): void {
  if (!name.includes('\ufffd') || existsSync(join(folder, name))) return;
  fail(failures.nameNotUtf8({ name }, { file: folder }));
}
