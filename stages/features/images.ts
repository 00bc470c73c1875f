import { isAbsolute, join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import type { EncodedImage, ImageSequence } from '../../src/kit/face/embed-images.ts';
import { listImageFolder } from '../../src/kit/dataset/image-folder.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { readPackingList } from '../../src/kit/codec/insightface/packing-list.ts';
import { readImageFile } from '../../src/kit/image/image-file.ts';
import type { Inputs, Params } from './contract.ts';

/** Images that are to get a row each. */
export interface NamedImages extends ImageSequence {
  /** What stands in names.txt: the path in the folder or as the list writes it, or the number in the packed set. */
  nameAt(index: number): string;
  close(): void;
}

/**
 * The images that the inputs mean. Fails with `no-images` where they mean none, or two things at once, and with
 * `name-outside` where files are to be named after paths that lead out of their folder.
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
  const { identities } = listImageFolder(folder);
  const names = identities.flatMap(({ name, images }) => images.map((image) => `${name}/${image}`));
  if (names.length === 0) return refuse('the folder of images holds none', folder);
  return ofFiles(names, folder);
}

function ofList(list: string, folder: string, layout: Params['layout']): NamedImages {
  const names: string[] = [];
  for (const entry of readPackingList(list)) {
    if ('aligned' in entry && !entry.aligned) {
      fail({
        code: 'image-not-aligned',
        message: `${entry.path} is marked as not aligned (0); a network takes aligned images only`,
        at: { file: list, line: entry.line, column: 1, length: 1 },
        hint: 'Have face2rec align them, and give its set as the input dataset.',
      });
    }
    if (layout === 'files') requireInside(entry, list);
    names.push(entry.path);
  }
  if (names.length === 0) return refuse('the list names no image', list);
  return ofFiles(names, folder);
}

function requireInside({ path, line }: { readonly path: string; readonly line: number }, list: string): void {
  if (!path.split('/').includes('..')) return;
  fail({
    code: 'name-outside',
    message: `the path ${path} leads out of its folder; a file of features is named after the path of its image`,
    at: { file: list, line, column: 1, length: 1 },
    hint: 'Write the list relative to the folder of images, or ask for the layout "matrix".',
  });
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

function refuse(message: string, file?: string): never {
  return fail({ code: 'no-images', message, ...(file === undefined ? {} : { at: { file } }) });
}
