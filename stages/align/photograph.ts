import { join } from 'node:path';
import type { ImageOrigin } from '../../src/kit/image/image.ts';
import { readImageFile } from '../../src/kit/image/image-file.ts';
import type { KnownFace } from '../../src/kit/face/search-face.ts';

/** One image to find a face in, as the inputs name it. */
export interface Photograph {
  /** What reports and the list call it: its path in the folder of images, or as a list writes it. */
  readonly name: string;
  /** Images of one identity get one label. */
  readonly identity: string;
  /** Its class in the list. */
  readonly label?: number;
  /** Path of its aligned image in the output, with any ending. */
  readonly target: string;
  /** The file, if it is one by itself. */
  readonly path?: string;
  /** Its bytes, and where they are from. Fails with `missing-image`. */
  load(): { readonly bytes: Uint8Array; readonly origin: ImageOrigin };
  /** What is known of its face. Fails where that cannot be read. */
  known(): KnownFace;
}

/** The images of the inputs, in their order, which is the same each time. */
export interface Photographs {
  all(): Iterable<Photograph>;
  /** Goes through all of them once, reading none. */
  survey(): Survey;
}

export interface Survey {
  /** Undefined where counting would mean to read all of a large file. */
  readonly count: number | undefined;
  /** What is passed over, for warnings: files that are no images, lines that mean none. */
  readonly ignored: readonly string[];
}

const nothing: KnownFace = {};

/** An image that is a file of a folder. */
export function photographFile(
  folder: string,
  path: string,
  { identity, known = () => nothing, target = path }: PhotographFacts,
): Photograph {
  const file = join(folder, path);
  const load = (): ReturnType<Photograph['load']> => ({ bytes: readImageFile(file), origin: { file } });
  return { name: path, identity, target, path: file, known, load };
}

interface PhotographFacts {
  readonly identity: string;
  readonly known?: () => KnownFace;
  readonly target?: string;
}

/** Photographs of a source that can be gone through without reading them: counted, strays included. */
export function countedPhotographs(source: (onIgnored: (name: string) => void) => Iterable<Photograph>): Photographs {
  return {
    all: () => source(() => undefined),
    survey() {
      const ignored: string[] = [];
      const photographs = source((name) => ignored.push(name))[Symbol.iterator]();
      let count = 0;
      while (photographs.next().done !== true) count += 1;
      return { count, ignored };
    },
  };
}
