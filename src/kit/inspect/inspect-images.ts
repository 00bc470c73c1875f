import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Metadata } from 'sharp';
import { FailureError, type Failure } from '../../core/failure.ts';
import { decodeImage, requireSound, type ImageOrigin } from '../image/image.ts';
import type { ImageFolder } from '../dataset/image-folder.ts';
import { imageFormat } from '../image/image-header.ts';
import { readBytes } from '../codec/read-file.ts';
import { histogramOf, tally } from '../codec/description.ts';
import { sampleCount, spread, type Inspection, type SampleImage } from './inspection.ts';

/** What was seen of some images. */
export class ImageSurvey {
  readonly samples: SampleImage[] = [];
  readonly damage: Failure[] = [];
  readonly #formats: string[] = [];
  readonly #sizes: string[] = [];
  readonly #expected: number;
  #seen = 0;
  #damaged = 0;

  /** `expected`: how many images will be added. */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Checks one encoded image; keeps some, from the first to the last, for the contact sheet. The bytes are copied where they are kept. */
  async add(bytes: Uint8Array, origin: ImageOrigin, caption: string): Promise<void> {
    try {
      const { width, height } = requireSound(bytes, origin) ?? (await decodeImage(bytes, origin));
      this.#formats.push(imageFormat(bytes) ?? '');
      this.#sizes.push(`${String(width)} x ${String(height)}`);
      const next = Math.floor((this.samples.length * this.#expected) / sampleCount);
      if (this.samples.length < sampleCount && this.#seen >= next) {
        this.samples.push({ caption, bytes: Uint8Array.from(bytes) });
      }
    } catch (error) {
      this.#note(error);
    }
    this.#seen += 1;
  }

  facts(seen: number, total: number): { readonly name: string; readonly value: string }[] {
    return [
      {
        name: 'images looked at',
        value: seen === total ? `all ${String(total)}` : `${String(seen)} of ${String(total)}`,
      },
      { name: 'image formats', value: tally(this.#formats) },
      { name: 'width x height', value: tally(this.#sizes) },
      { name: 'images that cannot be decoded', value: String(this.#damaged) },
    ];
  }

  #note(error: unknown): void {
    if (!(error instanceof FailureError)) throw error;
    this.#damaged += 1;
    if (this.damage.length < 10) this.damage.push(...error.failures);
  }
}

/** One image file. */
export async function inspectImage(path: string): Promise<Inspection> {
  const bytes = readBytes(path, 'image');
  const survey = new ImageSurvey(1);
  const { default: sharp } = await import('sharp');
  await survey.add(bytes, { file: path }, path);
  const metadata = await sharp(bytes)
    .metadata()
    .catch(() => undefined);
  const orientation = metadata?.orientation;
  return {
    path,
    format: 'image',
    title: `${(imageFormat(bytes) ?? 'unknown').toUpperCase()} image`,
    summary: 'A single image.',
    facts: [
      ...survey.facts(1, 1).filter(({ name, value }) => name === 'width x height' && value !== ''),
      ...(metadata === undefined ? [] : [{ name: 'colours', value: coloursOf(metadata) }]),
      ...(orientation === undefined ? [] : [{ name: 'EXIF orientation', value: String(orientation) }]),
      { name: 'bytes', value: bytes.length },
    ],
    notes:
      orientation !== undefined && orientation > 1
        ? ['It is stored turned or mirrored; viewers turn it back, packers of crops do not.']
        : [],
    damage: survey.damage,
    samples: survey.samples,
  };
}

/** `colour, 8 bits per channel`. */
function coloursOf({ space, depth, channels, hasAlpha }: Metadata): string {
  const kind = channels < 3 ? 'grey' : space === 'cmyk' ? 'CMYK, for printing' : 'colour';
  const bits = depth.endsWith('short')
    ? ', 16 bits per channel'
    : depth === 'uchar'
      ? ', 8 bits per channel'
      : `, ${depth}`;
  return `${kind}${bits}${hasAlpha ? ', with opacity' : ''}`;
}

/** A folder of images with a sub-folder per identity. */
export async function inspectImageFolder(
  { folder, identities, ignored }: ImageFolder,
  limit: number,
): Promise<Inspection> {
  const files = identities.flatMap(({ name, images }) => images.map((file) => `${name}/${file}`));
  const chosen = spread(files.length, limit);
  const survey = new ImageSurvey(chosen.length);
  for (const position of chosen) {
    const file = files[position] ?? '';
    const path = join(folder, file);
    await survey.add(readBytes(path, 'image'), { file: path }, file);
  }
  const bytes = chosen.reduce((sum, position) => sum + statSync(join(folder, files[position] ?? '')).size, 0);
  return {
    path: folder,
    format: 'image-folder',
    title: 'folder of images',
    summary: 'One sub-folder per identity; face2rec packs it.',
    facts: [
      { name: 'identities', value: identities.length },
      { name: 'images', value: files.length },
      ...survey.facts(chosen.length, files.length),
      { name: 'mean bytes per image', value: Math.round(bytes / Math.max(1, chosen.length)) },
    ],
    notes:
      ignored.length === 0
        ? []
        : [`${String(ignored.length)} files are not images of an identity, such as ${ignored[0] ?? ''}.`],
    damage: survey.damage,
    imagesPerIdentity: histogramOf(identities.map(({ images }) => images.length)),
    samples: survey.samples,
  };
}
