import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { decodeImage } from '../../src/kit/image/image.ts';

/** Some pictures of one person, as data URIs. */
export interface SampleIdentity {
  readonly name: string;
  readonly pictures: readonly string[];
}

const picturesEach = 4;
const thumbnailPixels = 112;
const picturePattern = /\.(?:jpe?g|png|webp|bmp|tiff?)$/i;

export interface Identity {
  readonly name: string;
  readonly pictures: readonly string[];
}

/**
 * Which pictures to show: people spread evenly over all, four pictures of each spread evenly over its own; one picture
 * of each where too few people have four. Depends on the names alone.
 */
export function chooseSamples(identities: readonly Identity[], samples: number): readonly Identity[] {
  const people = Math.floor(samples / picturesEach);
  const rich = identities.filter(({ pictures }) => pictures.length >= picturesEach);
  if (people === 0 || rich.length < people) {
    const known = identities.filter(({ pictures }) => pictures.length > 0);
    return spread(known, samples).map(({ name, pictures }) => ({ name, pictures: spread(pictures, 1) }));
  }
  return spread(rich, people).map(({ name, pictures }) => ({ name, pictures: spread(pictures, picturesEach) }));
}

/** Reads the pictures to show from a folder with one sub-folder per identity. */
export async function sampleFaces(folder: string, samples: number): Promise<readonly SampleIdentity[]> {
  if (samples === 0) return [];
  const names = readdirSync(folder).filter((name) => statSync(join(folder, name)).isDirectory());
  const identities = names.sort().map((name) => ({ name, pictures: picturesIn(join(folder, name)) }));
  const chosen = chooseSamples(identities, samples);
  return Promise.all(
    chosen.map(async ({ name, pictures }) => ({
      name,
      pictures: await Promise.all(pictures.map((picture) => thumbnail(join(folder, name, picture)))),
    })),
  );
}

function picturesIn(folder: string): readonly string[] {
  return readdirSync(folder)
    .filter((name) => picturePattern.test(name))
    .sort();
}

/** The picture as a small JPEG, whatever it was. */
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
