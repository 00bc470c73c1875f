import { basename, dirname } from 'node:path';
import { imageTree } from '../../src/kit/dataset/image-tree.ts';
import { countedPhotographs, photographFile, type Photographs } from './photograph.ts';

/** How the folders and names of a set say who is in an image. */
export type FolderLayout = 'folders' | 'cfp' | 'agedb';

/** Images below a folder at any depth. */
export function folderPhotographs(folder: string, layout: FolderLayout): Photographs {
  const identityOf = identities[layout];
  const paths = function* (onStray: (path: string) => void): Generator<string> {
    // AgeDB has the images of a person in any order; a training set wants them together.
    if (layout !== 'agedb') yield* imageTree(folder, { onStray });
    else yield* [...imageTree(folder, { onStray })].sort(byIdentity);
  };
  return countedPhotographs(function* (onStray) {
    for (const path of paths(onStray)) {
      yield photographFile(folder, path, { identity: identityOf(path) || basename(folder) });
    }
  });
}

/** A single image. */
export function singlePhotograph(file: string): Photographs {
  const name = basename(file);
  const photograph = photographFile(dirname(file), name, { identity: basename(dirname(file)) });
  return { all: () => [photograph], survey: () => ({ count: 1, ignored: [] }) };
}

const identities: Readonly<Record<FolderLayout, (path: string) => string>> = {
  // LFW: <name>/<name>_0001.jpg.
  folders: folderOf,
  // CFP: Data/Images/001/frontal/01.jpg and .../profile/01.jpg are one person.
  cfp: (path) => folderOf(path).replace(/\/(?:frontal|profile)$/, ''),
  // AgeDB: 16434_StephenHawking_1_m.jpg: number, name, age, gender.
  agedb: (path) => basename(path).split('_')[1] ?? folderOf(path),
};

function folderOf(path: string): string {
  const end = path.lastIndexOf('/');
  return end < 0 ? '' : path.slice(0, end);
}

function byIdentity(a: string, b: string): number {
  const [one, other] = [identities.agedb(a), identities.agedb(b)];
  if (one !== other) return one < other ? -1 : 1;
  return a < b ? -1 : 1;
}
