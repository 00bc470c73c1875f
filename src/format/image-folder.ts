import { existsSync, readdirSync } from 'node:fs';
import { extname, join } from 'node:path';
import { fail } from '../base/failure.ts';

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
  const identities = listIdentities(folder).map((name) => ({ name, pictures: listPictures(join(folder, name)) }));
  return { folder, identities: identities.filter(({ pictures }) => pictures.length > 0), ignored: listIgnored(folder) };
}

/** The names of the sub-folders, sorted. */
export function listIdentities(folder: string): string[] {
  if (!existsSync(folder)) {
    fail({ code: 'missing-file', message: 'expected a folder of pictures, found nothing', at: { file: folder } });
  }
  return sortedEntries(folder).flatMap(({ name, isFolder }) => (isFolder ? [name] : []));
}

/** The names of the pictures in the folder of an identity, sorted. */
export function listPictures(folder: string): string[] {
  return sortedEntries(folder).flatMap(({ name, isFolder }) => (!isFolder && isPictureName(name) ? [name] : []));
}

/** Files that are no pictures of an identity. */
export function listIgnored(folder: string): string[] {
  return sortedEntries(folder).flatMap(({ name, isFolder }) => {
    if (!isFolder) return [name];
    const files = sortedEntries(join(folder, name));
    return files.flatMap((file) => (file.isFolder || !isPictureName(file.name) ? [`${name}/${file.name}`] : []));
  });
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

function sortedEntries(folder: string): { readonly name: string; readonly isFolder: boolean }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.'))
    .map((entry) => ({
      name: entry.name,
      isFolder: entry.isDirectory() || (entry.isSymbolicLink() && !isPictureName(entry.name)),
    }))
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
}
