import { isAbsolute, join, resolve, sep } from 'node:path';
import { FailureError } from '../../../core/failure.ts';
import { imagesOutside } from '../../codec/insightface/packing-list.ts';
import { devkitList } from '../../codec/megaface/devkit-list.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { filesNamedBy } from '../../net/exchange/named-files.ts';
import { type ImageSources, isDevkitList } from './named-images.ts';

/** Files that models name beside them, and images that lists name by paths which lead out of the folder of images. */
export function* referencedFiles(models: readonly string[], sources: readonly ImageSources[]): Generator<string> {
  yield* filesNamedBy(models);
  for (const { images, list } of sources) {
    if (images === undefined || list === undefined) continue;
    try {
      yield* isDevkitList(list) ? outsideOfDevkitList(list, images) : imagesOutside(list, images);
    } catch (error) {
      // A damaged list: the stage tells.
      if (!(error instanceof FailureError)) throw error;
    }
  }
}

function* outsideOfDevkitList(list: string, folder: string): Generator<string> {
  const inside = `${resolve(folder)}${sep}`;
  for (const path of decodeFile(devkitList, list).paths) {
    const absolute = isAbsolute(path) ? path : join(folder, path);
    if (!resolve(absolute).startsWith(inside)) yield resolve(absolute);
  }
}
