import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../../src/kit/image/image.ts';

/** Some images of one person, as data URIs. */
export interface SampleIdentity {
  readonly name: string;
  readonly images: readonly string[];
}

const imagesEach = 4;
const thumbnailPixels = 112;
const imagePattern = /\.(?:jpe?g|png|webp|bmp|tiff?)$/i;

export interface Identity {
  readonly name: string;
  readonly images: readonly string[];
}

/**
 * Which images to show: people spread evenly over all, four images of each spread evenly over its own; one image
 * of each where too few people have four. Depends on the names alone.
 */
export function chooseSamples(identities: readonly Identity[], samples: number): readonly Identity[] {
  const people = Math.floor(samples / imagesEach);
  const rich = identities.filter(({ images }) => images.length >= imagesEach);
  if (people === 0 || rich.length < people) {
    const known = identities.filter(({ images }) => images.length > 0);
    return spread(known, samples).map(({ name, images }) => ({ name, images: spread(images, 1) }));
  }
  return spread(rich, people).map(({ name, images }) => ({ name, images: spread(images, imagesEach) }));
}

/** Reads the images to show from a folder with one sub-folder per identity. */
export async function sampleFaces(folder: string, samples: number): Promise<readonly SampleIdentity[]> {
  if (samples === 0) return [];
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
  const identities = names.sort().map((name) => ({ name, images: imagesIn(join(folder, name)) }));
  const chosen = chooseSamples(identities, samples);
  return Promise.all(
    chosen.map(async ({ name, images }) => ({
      name,
      images: await Promise.all(images.map((image) => thumbnail(join(folder, name, image)))),
    })),
  );
}

function imagesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => imagePattern.test(name))
    .sort();
}

/** The image as a small JPEG, whatever it was. */
async function thumbnail(file: string): Promise<string> {
  const { width, height, data } = await decodeImage(readFileSync(file), file);
  const jpeg = await sharp(data, { raw: { width, height, channels: 3 } })
    .resize(thumbnailPixels, thumbnailPixels, { fit: 'cover', withoutEnlargement: true })
    .jpeg({ quality: 78 })
    .toBuffer();
  return `data:image/jpeg;base64,${jpeg.toString('base64')}`;
}

/** So many items of a list, evenly spread over it, in its order. */
function spread<Item>(items: readonly Item[], count: number): readonly Item[] {
  if (items.length <= count) return items;
  return Array.from({ length: count }, (_, index) => items[Math.floor(((index + 0.5) * items.length) / count)]).filter(
    (item) => item !== undefined,
  );
}
