import { isAbsolute, join } from 'node:path';
import { fail, type TextLocation } from '../../src/core/failure.ts';
import type { EncodedImage, ImageSequence } from '../../src/kit/face/embed-images.ts';
import { isImageName, listImageFolder } from '../../src/kit/dataset/image-folder.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { readPackingList } from '../../src/kit/codec/insightface/packing-list.ts';
import { readImageFile } from '../../src/kit/image/image-file.ts';
import type { Inputs, Params } from './contract.ts';
import { failures } from './failures.ts';

/** Images that get a row each. */
export interface NamedImages extends ImageSequence {
  /** Images that get no row, since they are not in the folder of an identity. */
  readonly passedOver?: readonly string[];
  /** What names.txt calls it: the path in the folder or as the list writes it, or the number in the packed set. */
  nameAt(index: number): string;
  close(): void;
}

/**
 * The images that the inputs mean. Fails with `no-images` if they name none, or name them twice, with
 * `image-not-aligned`, and with `name-outside` if files would be named after paths that lead out of their folder.
 */
export function namedImages({ images, list, dataset }: Inputs, layout: Params['layout']): NamedImages {
  if (dataset !== undefined) {
    if (images === undefined && list === undefined) return ofDataset(dataset);
    return refuse('the input dataset cannot be combined with images or list');
  }
  if (images === undefined) return refuse('one of the inputs images and dataset is needed');
  return list === undefined ? ofFolder(images) : ofList(list, images, layout);
}

function ofFolder(folder: string): NamedImages {
  const { identities, ignored } = listImageFolder(folder);
  const names = identities.flatMap(({ name, images }) => images.map((image) => `${name}/${image}`));
  const passedOver = ignored.filter(isImageName);
  if (names.length === 0 && passedOver.length > 0) {
    return refuse(`the images are not in sub-folders, one for each person, but are ${passedOver[0] ?? ''} ...`, folder);
  }
  if (names.length === 0) return refuse('the folder of images is empty', folder);
  return { ...ofFiles(names, folder), passedOver };
}

function ofList(list: string, folder: string, layout: Params['layout']): NamedImages {
  const names: string[] = [];
  for (const entry of readPackingList(list)) {
    if ('aligned' in entry && !entry.aligned) {
      fail(failures.imageNotAligned({ path: entry.path }, lineOf(list, entry.line)));
    }
    if (layout === 'files') requireInside(entry, list);
    names.push(entry.path);
  }
  if (names.length === 0) return refuse('the list names no image', list);
  return ofFiles(names, folder);
}

function requireInside({ path, line }: { readonly path: string; readonly line: number }, list: string): void {
  if (!path.split('/').includes('..')) return;
  fail(failures.nameOutside({ path }, lineOf(list, line)));
}

function ofFiles(names: readonly string[], folder: string): NamedImages {
  return {
    length: names.length,
    nameAt: (index) => names[index] ?? '',
    at(index): EncodedImage | undefined {
      const name = names[index];
      if (name === undefined) return undefined;
      const file = isAbsolute(name) ? name : join(folder, name);
      return { read: () => readImageFile(file), file, what: `image ${name}` };
    },
    close: () => undefined,
  };
}

function ofDataset(folder: string): NamedImages {
  const set = new PackedDataset(folder);
  if (set.imageCount === 0) return refuse('the packed set holds no image', folder);
  const digits = String(set.imageCount - 1).length;
  return {
    length: set.imageCount,
    nameAt: (index) => String(index).padStart(digits, '0'),
    at: (index) => ({
      // A copy: the payload is valid until the next read.
      read: () => Uint8Array.from(set.readImage(index).payload),
      file: set.recordPath,
      what: `image ${index} of the packed set`,
    }),
    close: () => {
      set.close();
    },
  };
}

function lineOf(file: string, line: number): TextLocation {
  return { file, line, column: 1, length: 1 };
}

function refuse(problem: string, file?: string): never {
  return fail(failures.noImages({ problem }, file === undefined ? undefined : { file }));
}
