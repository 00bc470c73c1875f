import { basename, join } from 'node:path';
import { fail } from '../../src/core/failure.ts';
import type { FaceImage } from '../../src/kit/codec/lists/face-pair.ts';
import { findImage, type FolderIdentity, listImageFolder } from '../../src/kit/dataset/image-folder.ts';
import { IdentityTable } from '../../src/kit/dataset/identity-table.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { readImageFile } from '../../src/kit/image/image-file.ts';
import type { Inputs } from './contract.ts';
import { failures } from './failures.ts';

/** An image before it is read. */
export interface SourceImage {
  /** The bytes, valid until the next are read. */
  readonly read: () => Uint8Array;
  readonly file: string;
  /** Where it is in a file that holds many. */
  readonly offset?: number;
  readonly what: string;
}

/** Who there is to make pairs of. */
export interface PeopleSource {
  /** For failures. */
  readonly place: string;
  /** Images have names that are their own among those of the person. */
  readonly identities: readonly FolderIdentity[];
  imageOf(name: string, image: string): SourceImage;
  /** How a protocol names an image. */
  faceOf(name: string, image: string): FaceImage;
  close(): void;
}

/** Opens a folder of images or a packed set. Fails with `no-people`, unless one of the two is bound. */
export function openPeople({ images, dataset }: Pick<Inputs, 'images' | 'dataset'>): PeopleSource {
  if (images !== undefined && dataset === undefined) return peopleOfFolder(images);
  if (images === undefined && dataset !== undefined) return peopleOfSet(dataset);
  return fail(failures.noPeople({ bound: images === undefined ? 'neither is' : 'both are' }));
}

function peopleOfFolder(folder: string): PeopleSource {
  return {
    place: folder,
    identities: listImageFolder(folder).identities,
    imageOf(name, image) {
      const file = join(folder, name, image);
      return { read: () => readImageFile(file), file, what: `image ${join(name, image)}` };
    },
    /** By its number, where that leads to this very file; else by the name of the file. Fails with `name-with-tab`. */
    faceOf(name, image) {
      for (const each of [name, image]) {
        if (/[\t\r\n]/.test(each)) fail(failures.nameWithTab({ name: each }, { file: folder }));
      }
      const number = Number(/(\d{1,9})\.[^.]*$/.exec(image)?.[1] ?? 0);
      const path = number === 0 ? undefined : findImage(folder, { name, number });
      return { name, number: path !== undefined && basename(path) === image ? number : image };
    },
    close: () => undefined,
  };
}

/**
 * The people of a packed set are those of names.txt, where several classes may be one of them, and classes by their numbers
 * where it tells nothing; images are numbered from 1, as `unpack` numbers them.
 */
function peopleOfSet(folder: string): PeopleSource {
  const set = new PackedDataset(folder);
  const positions = positionsByPerson(set);
  const most = Math.max(0, ...[...positions.values()].map((each) => each.length));
  const numbers = Array.from({ length: most }, (_, index) => String(index + 1));
  return {
    place: set.recordPath,
    identities: [...positions].map(([name, { length }]) => ({ name, images: numbers.slice(0, length) })),
    imageOf(name, image) {
      const position = positions.get(name)?.[Number(image) - 1];
      if (position === undefined) throw new Error(`${name} has no image ${image}`);
      return {
        read: () => set.readImage(position).payload,
        file: set.recordPath,
        offset: set.offsetOfImage(position),
        what: `image ${image} of ${name}`,
      };
    },
    faceOf: (name, image) => ({ name, number: Number(image) }),
    close: () => {
      set.close();
    },
  };
}

function positionsByPerson(set: PackedDataset): ReadonlyMap<string, readonly number[]> {
  const table = new IdentityTable(set);
  const positions = new Map<string, number[]>();
  for (let place = 0; place < table.size; place += 1) {
    const name = table.nameAt(place) ?? String(table.labelAt(place));
    const known = positions.get(name);
    if (known === undefined) positions.set(name, Array.from(table.positionsAt(place)));
    else for (const position of table.positionsAt(place)) known.push(position);
  }
  for (const each of positions.values()) each.sort((one, other) => one - other);
  return positions;
}
