import { readFileSync } from 'node:fs';
import { fail, FailureError } from '../../src/base/failure.ts';
import type { StageContext } from '../../src/base/stage.ts';
import { DatasetWriter, type DatasetManifest } from '../../src/format/dataset-writer.ts';
import { decodeImage, requireSound } from '../../src/format/image.ts';
import type { Picture } from './plan-packing.ts';

export interface PictureSize {
  readonly width: number;
  readonly height: number;
}

/** The picture's bytes as they are, and its size; fails where it cannot be decoded. */
export async function readPicture(path: string): Promise<PictureSize & { readonly bytes: Uint8Array }> {
  const bytes = readPictureFile(path);
  const { width, height } = requireSound(bytes, path) ?? (await decodeImage(bytes, path));
  return { bytes, width, height };
}

/** Pictures that could not be decoded and were left out (only where the stage is not strict). */
export interface Packed {
  readonly manifest: DatasetManifest;
  readonly bytes: number;
  readonly unreadable: readonly string[];
  readonly size: PictureSize | undefined;
}

/** Packs pictures verbatim, in the order given, in constant memory. */
export async function packPictures(
  pictures: readonly Picture[],
  folder: string,
  strict: boolean,
  context: Pick<StageContext, 'emit' | 'signal'>,
): Promise<Packed> {
  const writer = new DatasetWriter(folder);
  const progress = new Progress(pictures.length, context);
  const unreadable: string[] = [];
  let size: (PictureSize & { readonly path: string }) | undefined;
  try {
    for (const picture of pictures) {
      await progress.step();
      const read = await readUnlessDamaged(picture.path, strict, context);
      if (read === undefined) {
        unreadable.push(picture.path);
        continue;
      }
      size ??= { width: read.width, height: read.height, path: picture.path };
      requireEqualSize(read, picture.path, size);
      writer.add(picture.label, picture.aligned, read.bytes);
    }
    const manifest = writer.finish(size ?? { width: 0, height: 0 });
    progress.end();
    return { manifest, bytes: writer.bytes, unreadable, size };
  } catch (error) {
    writer.abandon();
    throw error;
  }
}

async function readUnlessDamaged(
  path: string,
  strict: boolean,
  context: Pick<StageContext, 'emit'>,
): Promise<Awaited<ReturnType<typeof readPicture>> | undefined> {
  try {
    return await readPicture(path);
  } catch (error) {
    if (strict || !(error instanceof FailureError)) throw error;
    context.emit({ type: 'log', level: 'warning', message: `left out ${path}: ${error.message}` });
    return undefined;
  }
}

/** All pictures of a packed set have one size: the network takes no other. */
export function requireEqualSize(
  size: PictureSize,
  path: string,
  first: PictureSize & { readonly path: string },
): void {
  if (size.width === first.width && size.height === first.height) return;
  fail({
    code: 'unequal-sizes',
    message: `the picture has ${size.width} x ${size.height} pixels, but ${first.path} has ${first.width} x ${first.height}; aligned pictures all have one size`,
    at: { file: path },
  });
}

function readPictureFile(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    return fail({ code: 'missing-image', message: 'expected a picture, found no file', at: { file: path } }, error);
  }
}

const reportEveryMs = 500;

/** Says how far the packing is, twice a second, and lets the process hear that it shall stop. */
class Progress {
  readonly #total: number;
  readonly #context: Pick<StageContext, 'emit' | 'signal'>;
  readonly #start = performance.now();
  #done = 0;
  #lastReport = performance.now();

  constructor(total: number, context: Pick<StageContext, 'emit' | 'signal'>) {
    this.#total = total;
    this.#context = context;
  }

  async step(): Promise<void> {
    this.#done += 1;
    if (this.#done % 64 !== 0) return;
    await new Promise((resolve) => setImmediate(resolve));
    this.#context.signal.throwIfAborted();
    if (performance.now() - this.#lastReport < reportEveryMs) return;
    this.#lastReport = performance.now();
    this.#report();
  }

  end(): void {
    this.#report();
  }

  #report(): void {
    const seconds = (performance.now() - this.#start) / 1000;
    const figures = { 'images/s': Math.round(this.#done / Math.max(seconds, 1e-6)) };
    this.#context.emit({ type: 'progress', done: this.#done, total: this.#total, unit: 'images', figures });
  }
}
