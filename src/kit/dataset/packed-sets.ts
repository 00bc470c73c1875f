import { resolve } from 'node:path';
import { fail } from '../../core/failure.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';
import { PackedDataset, type IdentityRange } from './packed-dataset.ts';

/** What of a packed set has to be known to put it together with others. */
export interface SetOutline extends ImageSize {
  readonly folder: string;
}

/** Fails with `unequal-sets` or `set-twice` unless sets can be one training set: images of one size, no set in it twice. */
export function requireFittingSets([first, ...others]: readonly SetOutline[]): void {
  if (first === undefined) return;
  const folders = new Set([resolve(first.folder)]);
  for (const set of others) {
    if (set.width !== first.width || set.height !== first.height) {
      fail(failures.unequalSets({ size: set, first }, { file: set.folder }));
    }
    if (folders.has(resolve(set.folder))) fail(failures.setTwice({}, { file: set.folder }));
    folders.add(resolve(set.folder));
  }
}

/** One of the sets, and where its images and labels are among those of all. */
export interface SetPart {
  readonly set: PackedDataset;
  /** Position of its first image, from 0. */
  readonly firstImage: number;
  /** What its labels start with. */
  readonly firstLabel: number;
}

/** Packed sets as one: images and labels of a set come after those of the sets before it. */
export class PackedSets {
  readonly parts: readonly SetPart[];
  readonly imageCount: number;
  readonly identities: number;
  readonly size: ImageSize;

  /** Fails as `PackedDataset` and {@link requireFittingSets} do. */
  constructor(folders: readonly string[]) {
    const parts: SetPart[] = [];
    let [images, identities] = [0, 0];
    try {
      for (const folder of folders) {
        const set = new PackedDataset(folder);
        parts.push({ set, firstImage: images, firstLabel: identities });
        images += set.imageCount;
        identities += set.identities;
      }
      requireFittingSets(parts.map(({ set: { folder, property } }) => ({ ...property, folder })));
    } catch (error) {
      for (const { set } of parts) set.close();
      throw error;
    }
    const [first] = parts;
    if (first === undefined) throw new Error('there is no packed set');
    this.parts = parts;
    this.imageCount = images;
    this.identities = identities;
    const { width, height } = first.set.property;
    this.size = { width, height };
  }

  /** For failures that concern all of them. */
  get recordPath(): string {
    return this.parts[0]?.set.recordPath ?? '';
  }

  /** In which set, by its number from 0, image `position` is, and at which offset of its .rec file. */
  placeOf(position: number): { readonly part: number; readonly offset: number; readonly id: number } {
    const part = this.parts.findLastIndex(({ firstImage }) => firstImage <= position);
    const found = this.parts[part];
    if (found === undefined) throw new Error(`there is no image ${String(position)}`);
    const within = position - found.firstImage;
    return { part, offset: found.set.offsetOfImage(within), id: within + 1 };
  }

  /** Positions of the images of each identity, from 0, `last` included. Fails with `no-identity-records`. */
  identityPositions(): IdentityRange[] {
    return this.parts.flatMap(({ set, firstImage }) => {
      const ranges = set.identityRanges() ?? fail(failures.noIdentityRecords({}, { file: set.recordPath }));
      return ranges.map(({ first, last }) => ({ first: firstImage + first - 1, last: firstImage + last - 1 }));
    });
  }

  close(): void {
    for (const { set } of this.parts) set.close();
  }
}
