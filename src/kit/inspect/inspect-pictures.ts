import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Metadata } from 'sharp';
import { FailureError, type Failure } from '../../core/failure.ts';
import { decodeImage, requireSound, type ImageSource } from '../image/image.ts';
import type { ImageFolder } from '../dataset/image-folder.ts';
import { pictureFormat } from '../image/image-header.ts';
import { readBytes } from '../codec/read-file.ts';
import { histogramOf, sampleCount, spread, tally, type Inspection, type SamplePicture } from './inspection.ts';

/** What was seen of some pictures. */
export class PictureSurvey {
  readonly samples: SamplePicture[] = [];
  readonly damage: Failure[] = [];
  readonly #formats: string[] = [];
  readonly #sizes: string[] = [];
  readonly #expected: number;
  #seen = 0;
  #damaged = 0;

  /** `expected`: how many pictures will be added. */
  constructor(expected: number) {
    this.#expected = expected;
  }

  /** Checks one encoded picture; keeps some, from the first to the last, for the contact sheet. The bytes are copied where they are kept. */
  async add(bytes: Uint8Array, source: ImageSource, caption: string): Promise<void> {
    try {
      const { width, height } = requireSound(bytes, source) ?? (await decodeImage(bytes, source));
      this.#formats.push(pictureFormat(bytes) ?? '');
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

  /** Counts what a failed read found. */
  note(error: unknown): void {
    this.#note(error);
  }

  facts(seen: number, total: number): { readonly name: string; readonly value: string }[] {
    return [
      {
        name: 'pictures looked at',
        value: seen === total ? `all ${String(total)}` : `${String(seen)} of ${String(total)}`,
      },
      { name: 'picture formats', value: tally(this.#formats) },
      { name: 'width x height', value: tally(this.#sizes) },
      { name: 'pictures that cannot be decoded', value: String(this.#damaged) },
    ];
  }

  #note(error: unknown): void {
    if (!(error instanceof FailureError)) throw error;
    this.#damaged += 1;
    if (this.damage.length < 10) this.damage.push(...error.failures);
  }
}

/** One picture file. */
export async function inspectPicture(path: string): Promise<Inspection> {
  const bytes = readBytes(path, 'picture');
  const survey = new PictureSurvey(1);
  const { default: sharp } = await import('sharp');
  await survey.add(bytes, { file: path }, path);
  const metadata = await sharp(bytes)
    .metadata()
    .catch(() => undefined);
  const orientation = metadata?.orientation;
  return {
    path,
    format: 'picture',
    title: `${(pictureFormat(bytes) ?? 'unknown').toUpperCase()} picture`,
    summary: 'A single picture.',
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

/** A folder of pictures with a sub-folder per identity. */
export async function inspectImageFolder(
  { folder, identities, ignored }: ImageFolder,
  limit: number,
): Promise<Inspection> {
  const files = identities.flatMap(({ name, pictures }) => pictures.map((file) => `${name}/${file}`));
  const chosen = spread(files.length, limit);
  const survey = new PictureSurvey(chosen.length);
  for (const position of chosen) {
    const file = files[position] ?? '';
    const path = join(folder, file);
    await survey.add(readBytes(path, 'picture'), { file: path }, file);
  }
  const bytes = chosen.reduce((sum, position) => sum + statSync(join(folder, files[position] ?? '')).size, 0);
  return {
    path: folder,
    format: 'image-folder',
    title: 'folder of pictures',
    summary: 'One sub-folder per identity; face2rec packs it.',
    facts: [
      { name: 'identities', value: identities.length },
      { name: 'images', value: files.length },
      ...survey.facts(chosen.length, files.length),
      { name: 'mean bytes per picture', value: Math.round(bytes / Math.max(1, chosen.length)) },
    ],
    notes:
      ignored.length === 0
        ? []
        : [`${String(ignored.length)} files are no pictures of an identity, such as ${ignored[0] ?? ''}.`],
    damage: survey.damage,
    imagesPerIdentity: histogramOf(identities.map(({ pictures }) => pictures.length)),
    samples: survey.samples,
  };
}
