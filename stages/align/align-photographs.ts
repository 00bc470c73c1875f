import { writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeOwnFolder } from '../../src/core/atomic-file.ts';
import type { Failure } from '../../src/core/failure.ts';
import { cascadeSearch } from '../../src/kit/face/cascade-search.ts';
import type { Detector } from '../../src/kit/face/detectors/detector.ts';
import { listed, searchFaces, type Finding, type SearchedImage } from '../../src/kit/face/search-face.ts';
import { encodeJpeg, encodePng } from '../../src/kit/image/image.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import { cutFace, leftOut, type CutFace } from './cut-face.ts';
import type { FaceRecord } from './face-record.ts';
import type { Photograph } from './photograph.ts';
import { readInGroups, type ReadPhotograph } from './read-photographs.ts';
import type { Settings } from './settings.ts';

export interface AlignmentWork {
  readonly photographs: Iterable<{ readonly photograph: Photograph; readonly file: string }>;
  readonly settings: Settings;
  /** Where aligned images go. */
  readonly folder: string;
  /** Opened when the first image needs it: with a list of points none does. */
  readonly detector: () => Promise<Detector>;
  readonly signal: AbortSignal;
}

/** One image that is done: its record, what to show of it, and the failure if it was left out. */
export interface Aligned {
  readonly record: FaceRecord;
  /** The face, or else the whole image; absent where it could not be read. */
  readonly shown?: RgbImage;
  readonly failure?: Failure;
}

/** Aligns images in their order; of each, the file is written before it is yielded. */
export async function* alignPhotographs(work: AlignmentWork): AsyncGenerator<Aligned> {
  const reading = readInGroups(work.photographs);
  let next = searched(reading, work);
  for (;;) {
    const current = await next;
    if (current === undefined) return;
    // The next group is decoded and searched while the faces of this one are cut out and written.
    next = searched(reading, work);
    // Without a reader of its failure until it is waited for.
    next.catch(() => undefined);
    for (const [index, each] of current.group.entries()) yield finish(each, current.findings[index], work);
    work.signal.throwIfAborted();
  }
}

interface SearchedGroup {
  readonly group: readonly ReadPhotograph[];
  readonly findings: readonly (Finding | undefined)[];
}

/** The next group with what was found in it; undefined after the last one. */
async function searched(
  reading: AsyncGenerator<readonly ReadPhotograph[]>,
  work: AlignmentWork,
): Promise<SearchedGroup | undefined> {
  const read = await reading.next();
  if (read.done === true) return undefined;
  return { group: read.value, findings: await search(read.value, work) };
}

async function search(
  group: readonly ReadPhotograph[],
  work: AlignmentWork,
): Promise<readonly (Finding | undefined)[]> {
  const { settings, signal } = work;
  const findings = group.map(({ pixels }) => ('image' in pixels ? listed(pixels.known) : undefined));
  const open = [...group.keys()].filter((index) => findings[index] === undefined);
  const images = open.flatMap((index): (SearchedImage & { readonly index: number })[] => {
    const pixels = group[index]?.pixels;
    return pixels !== undefined && 'image' in pixels ? [{ ...pixels, index }] : [];
  });
  if (images.length === 0) return findings;
  const detector = await work.detector();
  const found =
    settings.search === 'cascade'
      ? await cascadeSearch(images, detector, { signal })
      : await searchFaces(images, detector, { rules: settings.rules, signal });
  for (const [place, { index }] of images.entries()) findings[index] = found[place];
  return findings;
}

async function finish(read: ReadPhotograph, finding: Finding | undefined, work: AlignmentWork): Promise<Aligned> {
  const { photograph, pixels, file } = read;
  const { settings, folder } = work;
  if ('failure' in pixels) return resultOf(photograph, leftOut(pixels.failure));
  if (finding === undefined) throw new Error(`${photograph.name} was not searched`);
  const { frames, image } = pixels;
  const cut = cutFace({ ...pixels, finding }, settings);
  const isWritten = cut.face !== undefined && settings.output === 'images';
  if (cut.face !== undefined && isWritten) await write(join(folder, file), cut.face, settings);
  const more = { ...(frames > 1 ? { frames } : {}), ...(isWritten ? { file } : {}) };
  return { ...resultOf(photograph, cut, more), shown: cut.face ?? image };
}

function resultOf(
  { name, identity, label }: Photograph,
  { facts, failure }: CutFace,
  more: Partial<Pick<FaceRecord, 'file' | 'frames'>> = {},
): Aligned {
  const labelled = label === undefined ? {} : { label };
  const record: FaceRecord = { image: name, identity, ...labelled, ...facts, ...more };
  return { record, ...(failure === undefined ? {} : { failure }) };
}

async function write(path: string, face: RgbImage, { encoding, quality }: Settings): Promise<void> {
  makeOwnFolder(dirname(path));
  writeFileSync(path, encoding === 'png' ? await encodePng(face, Math.min(9, quality)) : encodeJpeg(face, quality));
}
