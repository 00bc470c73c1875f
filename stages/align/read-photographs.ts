import { FailureError, type Failure } from '../../src/core/failure.ts';
import type { KnownFace } from '../../src/kit/face/search-face.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { frameCount } from '../../src/kit/image/frame-count.ts';
import { isImageName } from '../../src/kit/dataset/image-folder.ts';
import type { RgbImage } from '../../src/kit/image/rgb-image.ts';
import type { Photograph } from './photograph.ts';

/** A photograph with its pixels, or why it has none. */
export interface ReadPhotograph {
  readonly photograph: Photograph;
  /** Path of its aligned image in the output. */
  readonly file: string;
  readonly pixels:
    | { readonly image: RgbImage; readonly known: KnownFace; readonly frames: number; readonly file: string }
    | { readonly failure: Failure };
}

/** Images that are searched together, at most; with fewer pixels than {@link groupPixels}, or one. */
const groupSize = 32;
const groupPixels = 2 ** 24;

/**
 * Reads and decodes photographs and yields them in groups for the detector, the next group being read while one is worked
 * on. An image that cannot be read is in its group with the failure.
 */
export async function* readInGroups(
  photographs: Iterable<{ readonly photograph: Photograph; readonly file: string }>,
): AsyncGenerator<readonly ReadPhotograph[]> {
  let group: ReadPhotograph[] = [];
  let pixels = 0;
  const waiting: Promise<ReadPhotograph>[] = [];
  const source = photographs[Symbol.iterator]();
  const fill = (): void => {
    while (waiting.length < readAhead) {
      const next = source.next();
      if (next.done === true) return;
      waiting.push(readOne(next.value));
    }
  };
  for (;;) {
    fill();
    const read = await waiting.shift();
    if (read === undefined) break;
    const size = 'image' in read.pixels ? read.pixels.image.width * read.pixels.image.height : 0;
    if (group.length > 0 && (group.length === groupSize || pixels + size > groupPixels)) {
      yield group;
      [group, pixels] = [[], 0];
    }
    group.push(read);
    pixels += size;
  }
  if (group.length > 0) yield group;
}

/** Images that are decoded at the same time. */
const readAhead = 4;

async function readOne(next: { readonly photograph: Photograph; readonly file: string }): Promise<ReadPhotograph> {
  try {
    const { bytes, origin } = next.photograph.load();
    const known = next.photograph.known();
    const image = await decodeImage(bytes, origin, { upright: true });
    return { ...next, pixels: { image, known, frames: frameCount(bytes), file: origin.file } };
  } catch (error) {
    if (!(error instanceof FailureError)) throw error;
    return { ...next, pixels: { failure: error.failures[0] } };
  }
}

/**
 * Photographs with the paths of their aligned images, each of which is another: two that would be one, such as a.png and
 * a.jpg, or an image that is listed twice, get numbers.
 */
export function* withFiles(
  photographs: Iterable<Photograph>,
  encoding: 'jpg' | 'png',
): Generator<{ readonly photograph: Photograph; readonly file: string }> {
  const taken = new Map<string, number>();
  for (const photograph of photographs) {
    const { target } = photograph;
    const stem = isImageName(target) ? target.slice(0, target.lastIndexOf('.')) : target;
    let file = `${stem}.${encoding}`;
    while (taken.has(file)) {
      const number = (taken.get(`${stem}.${encoding}`) ?? 1) + 1;
      taken.set(`${stem}.${encoding}`, number);
      file = `${stem}-${number}.${encoding}`;
    }
    taken.set(file, 1);
    yield { photograph, file };
  }
}
