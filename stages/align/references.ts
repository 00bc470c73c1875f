import { existsSync } from 'node:fs';
import { extname, resolve, sep } from 'node:path';
import { FailureError } from '../../src/core/failure.ts';
import { imagesOutside } from '../../src/kit/codec/insightface/packing-list.ts';
import { landmarkList } from '../../src/kit/codec/lists/landmark-list.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { isImageName } from '../../src/kit/dataset/image-folder.ts';
import { filesNamedBy } from '../../src/kit/net/exchange/named-files.ts';
import type { FindReferences } from '../../src/stage-api/references.ts';
import { cleanListOf } from './celeb-photographs.ts';
import type { Inputs } from './contract.ts';
import { isLandmarkList, setListCompanions } from './listed-photographs.ts';

/**
 * Files that the networks name beside them, images that the list names by paths which lead out of the folder of images,
 * the list of clean images beside a file of MS-Celeb-1M, and the lists of boxes and people beside those of VGGFace2 and CelebA.
 */
export const references: FindReferences<Inputs> = function* ({ images, list, weights }) {
  if (weights !== undefined) yield* filesNamedBy([weights]);
  if (list === undefined) {
    if (extname(images).toLowerCase() !== '.tar' && !isImageName(images)) yield cleanListOf(images);
    return;
  }
  if (!existsSync(list)) return;
  try {
    const companions = setListCompanions(list);
    if (companions !== undefined) yield* companions;
    else if (isLandmarkList(list)) yield* landmarksOutside(list, images);
    else yield* imagesOutside(list, images);
  } catch (error) {
    // A damaged list: the stage tells.
    if (!(error instanceof FailureError)) throw error;
  }
};

function* landmarksOutside(list: string, folder: string): Generator<string> {
  const inside = `${resolve(folder)}${sep}`;
  for (const { path } of decodeFile(landmarkList, list).entries) {
    const absolute = resolve(folder, path);
    if (!absolute.startsWith(inside)) yield absolute;
  }
}
