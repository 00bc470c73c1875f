import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import { resizeBilinear } from '../../src/kit/face/resize-bilinear.ts';
import { encodeJpeg } from '../../src/kit/image/image.ts';
import type { ContactSheetImages, SheetImage } from '../../src/kit/face/alignment-result.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import type { FaceRecord } from './face-record.ts';

/** Sides of thumbnails are not longer. */
const thumbnailPixels = 112;
const thumbnailQuality = 80;

type SheetGroup = keyof ContactSheetImages;

interface Place {
  readonly index: number;
  readonly record: FaceRecord;
  /** Of those that are strange, the greatest come first. */
  readonly strangeness: number;
}

/**
 * The images to look at: the first that were aligned, those whose points fit the template worst, and the first that were
 * cropped or left out. Thumbnails of all that may be among them at the end are files, so that an interrupted task has
 * those of its earlier attempts.
 */
export class ContactSheet {
  readonly #folder: string;
  readonly #size: number;
  readonly #places: Record<SheetGroup, Place[]> = { first: [], strangest: [], cropped: [], failed: [] };

  /** `size`: images in each group. */
  constructor(folder: string, size: number) {
    makeOwnFolder(folder);
    this.#folder = folder;
    this.#size = size;
  }

  /** Takes an image in if it is among those to look at. `image`: absent where there are no pixels, or in a record of an earlier attempt. */
  consider(index: number, record: FaceRecord, image?: RgbImage): void {
    const place = { index, record, strangeness: record.residual ?? 0 };
    const isShown = groupsOf(record).map((group) => this.#enter(group, place));
    if (image === undefined || !isShown.includes(true)) return;
    writeFileSync(this.#thumbnailOf(index), encodeJpeg(fitted(image), thumbnailQuality));
  }

  groups(): ContactSheetImages {
    const shown = (group: SheetGroup): readonly SheetImage[] =>
      this.#places[group].map(({ index, record }) => ({
        image: record.image,
        caption: captionOf(record),
        thumbnail: this.#read(index),
      }));
    return { first: shown('first'), strangest: shown('strangest'), cropped: shown('cropped'), failed: shown('failed') };
  }

  #enter(group: SheetGroup, place: Place): boolean {
    const places = this.#places[group];
    if (group !== 'strangest') {
      if (places.length < this.#size) places.push(place);
      return places.at(-1) === place;
    }
    const before = places.findIndex(({ strangeness }) => strangeness < place.strangeness);
    places.splice(before < 0 ? places.length : before, 0, place);
    return places.length <= this.#size || places.pop() !== place;
  }

  #thumbnailOf(index: number): string {
    return join(this.#folder, `${index}.jpg`);
  }

  #read(index: number): string {
    const path = this.#thumbnailOf(index);
    return existsSync(path) ? `data:image/jpeg;base64,${readFileSync(path).toString('base64')}` : '';
  }
}

function groupsOf({ outcome }: FaceRecord): readonly SheetGroup[] {
  if (outcome === 'aligned') return ['first', 'strangest'];
  return outcome === 'cropped' ? ['cropped'] : ['failed'];
}

function captionOf({ residual, reason, step, outcome, faces = 0 }: FaceRecord): string {
  const several = faces > 1 ? `, 1 of ${faces}` : '';
  if (residual !== undefined) return `${residual.toFixed(1)} px${several}`;
  return reason ?? `${outcome}${step === undefined ? '' : ` (${step})`}`;
}

function fitted(image: RgbImage): RgbImage {
  const longest = Math.max(image.width, image.height);
  if (longest <= thumbnailPixels) return image;
  const scale = thumbnailPixels / longest;
  const size = (length: number): number => Math.max(1, Math.round(length * scale));
  return resizeBilinear(image, { width: size(image.width), height: size(image.height) });
}
