import { closeSync, readdirSync, readSync, statSync } from 'node:fs';
import { basename, dirname, extname, join } from 'node:path';
import { FailureError, fail } from '../core/failure.ts';
import { failures } from '../embedding/failures.ts';
import type { GalleryEntry } from '../embedding/gallery.ts';
import { readVectorFile, readVectorRows, requireContract, requireUnitVector } from '../embedding/vector-file.ts';
import { npyMagic } from '../kit/codec/numpy/npy.ts';
import { littleEndianBytes } from '../kit/codec/little-endian-floats.ts';
import { readHead, requireFile } from '../kit/codec/read-file.ts';
import { isDatabase, readGalleryFile } from '../service/gallery-file.ts';
import type { EmbeddingTools } from './embedding-tools.ts';
import { failures as commandFailures } from './failures.ts';

/** A gallery whose vectors are read while they are compared. */
export interface OpenGallery {
  readonly images: number;
  readonly persons: number;
  /** Images without a face, or that cannot be read, and why. */
  readonly leftOut: readonly { readonly image: string; readonly code: string; readonly problem: string }[];
  readonly entries: () => Iterable<GalleryEntry>;
}

interface Opening {
  readonly tools: EmbeddingTools;
  /** Of a file with several galleries. */
  readonly named: string | undefined;
}

/** What it is, its content tells. Fails with `not-vectors`, `not-a-file`, `other-embedding-contract`, and with `wrong-option` for a gallery that a file does not hold. */
export function openGallery(path: string, { tools, named }: Opening): OpenGallery | Promise<OpenGallery> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) return fail(failures.notVectors({ found: 'nothing' }, { file: path }));
  if (stat.isDirectory()) return embedFolder(path, tools);
  requireFile(path, 'gallery');
  if (path.endsWith('.npy') || isArray(path)) return openRows(path, tools);
  if (path.endsWith('.db') || isDatabase(path)) return openDatabase(path, { tools, named });
  const { contract, vectors } = readVectorFile(path);
  requireContract(tools.contract, contract, { other: 'the photograph', file: path });
  return galleryOf(
    vectors.map(({ image, person, vector: numbers }, row) => {
      const vector = Float32Array.from(numbers);
      requireUnitVector(vector, row, path);
      return { name: person ?? personOf(image), image, vector };
    }),
  );
}

/** Whether a file begins as those of NumPy do; the name of a file may be any. */
function isArray(path: string): boolean {
  return Buffer.from(readHead(path)).toString('latin1').startsWith(npyMagic);
}

function galleryOf(entries: readonly GalleryEntry[], leftOut: OpenGallery['leftOut'] = []): OpenGallery {
  const persons = new Set(entries.map(({ name }) => name)).size;
  return { images: entries.length, persons, leftOut, entries: () => entries };
}

/** Endings of the formats that are read. */
const endings = new Set(['.jpg', '.jpeg', '.png', '.webp', '.gif', '.bmp', '.tif', '.tiff', '.avif', '.pgm', '.ppm']);

async function embedFolder(folder: string, tools: EmbeddingTools): Promise<OpenGallery> {
  const entries: GalleryEntry[] = [];
  const leftOut: OpenGallery['leftOut'][number][] = [];
  const images = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => endings.has(extname(name).toLowerCase()))
    .sort();
  for (const image of images) {
    try {
      const [face] = await tools.read(join(folder, image), 'central');
      const [vector] = await tools.embedder.embed(face === undefined ? [] : [face.crop]);
      if (vector !== undefined) entries.push({ name: personOf(image), image, vector });
    } catch (error) {
      if (!(error instanceof FailureError)) throw error;
      const [{ code, message }] = error.failures;
      leftOut.push({ image, code, problem: message });
    }
  }
  if (entries.length > 0) return galleryOf(entries, leftOut);
  return fail(failures.notVectors({ found: `a folder with ${images.length} images and no face` }, { file: folder }));
}

/** Rows of an array that are read at a time. */
const rowsAtATime = 4096;

/** What `flow embed --npy` has written: rows in one file, what they are in the other. */
function openRows(file: string, tools: EmbeddingTools): OpenGallery {
  const { descriptor, offset, columns, contract, faces } = readVectorRows(file);
  requireContract(tools.contract, contract, { other: 'the photograph', file });
  function* entries(): Generator<GalleryEntry> {
    try {
      for (let start = 0; start < faces.length; start += rowsAtATime) {
        const some = faces.slice(start, start + rowsAtATime);
        const values = new Float32Array(some.length * columns);
        readSync(descriptor, littleEndianBytes(values), 0, values.byteLength, offset + 4 * start * columns);
        for (const [row, { image, person }] of some.entries()) {
          const vector = values.subarray(row * columns, (row + 1) * columns);
          requireUnitVector(vector, start + row, file);
          yield { name: person ?? personOf(image), image, vector };
        }
      }
    } finally {
      closeSync(descriptor);
    }
  }
  const persons = new Set(faces.map(({ image, person }) => person ?? personOf(image))).size;
  return { images: faces.length, persons, leftOut: [], entries };
}

function openDatabase(file: string, { tools, named }: Opening): OpenGallery {
  const opened = readGalleryFile(file);
  const { contract, galleries } = opened;
  try {
    requireContract(tools.contract, contract, { other: 'the photograph', file });
    const names = galleries.map(({ name }) => name);
    const found =
      named === undefined && galleries.length === 1 ? galleries[0] : galleries.find(({ name }) => name === named);
    if (found !== undefined)
      return { ...found, leftOut: [], entries: () => opened.entries(found.name, tools.embedder.embeddingSize) };
    const expected = `one of ${names.join(', ')}, which ${file} holds`;
    return fail(commandFailures.wrongOption({ option: '--gallery', expected, found: named ?? 'none' }));
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** The folder that an image is in, or else its own name. */
function personOf(image: string): string {
  const folder = basename(dirname(image));
  return folder === '.' || folder === '' ? basename(image, extname(image)) : folder;
}
