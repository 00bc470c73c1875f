import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { throwFirst } from '../../src/core/failure.ts';
import { findImage, imageAt, isImageName } from '../../src/kit/dataset/image-folder.ts';
import { requireNoFile } from '../../src/kit/dataset/require-folder.ts';
import { isCfpSplit, pairsOfCfpSplit } from '../../src/kit/codec/lists/cfp-split.ts';
import { matFile, pairsOfMat } from '../../src/kit/codec/matlab/mat-file.ts';
import type { FaceImage } from '../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol } from '../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { failures } from './failures.ts';

/** An image of a protocol: what it is called there, and its path if it exists. */
export interface NamedImage {
  readonly name: string;
  readonly path: string | undefined;
  /** Where the protocol names it, if it is a text. */
  readonly line?: number;
}

export interface ImagePair {
  readonly left: NamedImage;
  readonly right: NamedImage;
  readonly same: boolean;
  readonly fold: number;
}

/** Reads LFW's pairs.txt or a list of pairs, a folder of CFP's lists, or the MATLAB file of CFP or AgeDB, and looks for the images. */
export function readProtocol(
  file: string,
  images: string,
): { readonly folds: number; readonly pairs: readonly ImagePair[]; readonly irregular?: string | undefined } {
  requireNoFile(images);
  const isSplit = isCfpSplit(file);
  if (!isSplit && !file.endsWith('.mat')) {
    const { folds, pairs, irregular } = decodeFile(pairProtocol, file);
    const named = (image: FaceImage, line: number): NamedImage => ({
      name: image.path ?? `image ${image.number} of ${image.name}`,
      path: findImage(images, image),
      line,
    });
    return {
      folds,
      irregular,
      pairs: pairs.map((pair) => ({ ...pair, left: named(pair.left, pair.line), right: named(pair.right, pair.line) })),
    };
  }
  const byPath = isSplit ? pairsOfCfpSplit(file) : pairsOfMat(decodeFile(matFile, file), file);
  const pairs = byPath.map(({ left, right, same, fold }) => ({
    left: { name: left, path: findPath(images, left) },
    right: { name: right, path: findPath(images, right) },
    same,
    fold,
  }));
  return { folds: new Set(pairs.map(({ fold }) => fold)).size, pairs };
}

/** AgeDB's paths have no extension; those of CFP start at Data/Images, where people bind the set as a whole too. */
function findPath(images: string, path: string): string | undefined {
  const inside = ['', 'Images', 'Data/Images'].map((folder) => join(folder, path));
  if (path.split('/').includes('..')) return undefined;
  const whole = inside.find((each) => isImageName(path) && existsSync(join(images, each)));
  return whole === undefined ? imageAt(images, path) : join(images, whole);
}

/** Fails with `missing-image`, for ten images and the number of the others, at the first line that names each. */
export function requireAll(
  pairs: readonly ImagePair[],
  { images: folder, protocol: file }: { readonly images: string; readonly protocol: string },
): void {
  const missing = pairs.flatMap(({ left, right }) => [left, right]).filter(({ path }) => path === undefined);
  const lines = new Map([...missing].reverse().map(({ name, line }) => [name, line]));
  const placeOf = (line: number | undefined) => (line === undefined ? { file } : { file, line, column: 1, length: 1 });
  const named = [...lines].reverse();
  throwFirst(named.map(([name, line]) => failures.missingImage({ name, folder }, placeOf(line))));
}
