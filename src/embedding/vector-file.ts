import { closeSync, readSync } from 'node:fs';
import { fail } from '../core/failure.ts';
import { Cursor } from '../kit/codec/cursor.ts';
import { isJsonObject } from '../kit/codec/json-text.ts';
import { readNpyHeader } from '../kit/codec/numpy/npy.ts';
import { openForReading, readBytes } from '../kit/codec/read-file.ts';
import type { FaceBox, FacePoints } from '../kit/face/detectors/detector.ts';
import { failures } from './failures.ts';

/** A face of a vector file. */
export interface StoredVector {
  /** The image it is in, as it was named. */
  readonly image: string;
  /** Whose it is, where that is known. */
  readonly person?: string;
  readonly box?: FaceBox;
  readonly score?: number;
  readonly points?: FacePoints;
  /** Of length 1. */
  readonly vector: readonly number[];
}

/** What `flow embed --json` prints and `flow identify` reads; docs/embedding.md describes it. */
export interface VectorFile {
  readonly format: 'faceflow-vectors';
  readonly version: 1;
  /** Vectors of other contracts cannot be compared with these. */
  readonly contract: string;
  readonly embeddingSize: number;
  readonly vectors: readonly StoredVector[];
}

/** Reads a file of vectors. Fails with `not-vectors`. */
export function readVectorFile(file: string): VectorFile {
  const refuse = (found: string): never => fail(failures.notVectors({ found }, { file }));
  let content: unknown;
  try {
    content = JSON.parse(readBytes(file, 'vector file').toString('utf8'));
  } catch (error) {
    return refuse(error instanceof SyntaxError ? 'a file that is no JSON' : 'nothing that can be read');
  }
  if (!isJsonObject(content) || content['format'] !== 'faceflow-vectors' || content['version'] !== 1) {
    return refuse('other JSON');
  }
  const { contract, embeddingSize, vectors } = content;
  if (typeof contract !== 'string' || typeof embeddingSize !== 'number' || !Array.isArray(vectors)) {
    return refuse('vectors without contract, embeddingSize or vectors');
  }
  const sound = vectors.filter((each): each is StoredVector => isStored(each, embeddingSize));
  if (sound.length < vectors.length) {
    const odd = vectors.findIndex((each) => !isStored(each, embeddingSize));
    return refuse(`vector ${odd} that is not ${embeddingSize} numbers and the name of an image`);
  }
  return { format: 'faceflow-vectors', version: 1, contract, embeddingSize, vectors: sound };
}

function isStored(value: unknown, size: number): boolean {
  if (!isJsonObject(value) || typeof value['image'] !== 'string') return false;
  const { vector } = value;
  return Array.isArray(vector) && vector.length === size && vector.every((each) => Number.isFinite(each));
}

/** Vectors in a NumPy array, to be read piece by piece. */
export interface VectorRows {
  readonly descriptor: number;
  /** Where the first row begins. */
  readonly offset: number;
  readonly columns: number;
  readonly contract: string;
  /** What each row is. */
  readonly faces: readonly Pick<StoredVector, 'image' | 'person'>[];
}

/** A header of NumPy is at most so long, and those that we write far shorter. */
const mostHeaderBytes = 4096;

/** Opens what `flow embed --npy FILE` has written: FILE and FILE.json. Fails with `not-vectors` where they do not fit each other. */
export function readVectorRows(file: string): VectorRows {
  const refuse = (found: string): never => fail(failures.notVectors({ found }, { file }));
  const { descriptor, size } = openForReading(file, 'NumPy array (.npy)');
  try {
    const head = Buffer.alloc(Math.min(size, mostHeaderBytes));
    readSync(descriptor, head, 0, head.length, 0);
    const { type, shape, fortranOrder, offset } = readNpyHeader(new Cursor(head, file));
    const [rows = 0, columns = 0] = shape;
    const beside = readRowsFile(`${file}.json`);
    if (beside === undefined) return refuse('an array without FILE.json beside it with what its rows are');
    const { contract, embeddingSize, rows: faces } = beside;
    const isSound = type === '<f4' && !fortranOrder && shape.length === 2 && size === offset + 4 * rows * columns;
    if (!isSound) return refuse(`${shape.join(' x ')} numbers of type ${type} in ${size} bytes`);
    if (columns !== embeddingSize || rows !== faces.length) {
      return refuse(`${rows} x ${columns} numbers, where FILE.json says ${faces.length} x ${embeddingSize}`);
    }
    return { descriptor, offset, columns, contract, faces };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

interface RowsFile {
  readonly contract: string;
  readonly embeddingSize: number;
  readonly rows: VectorRows['faces'];
}

function readRowsFile(file: string): RowsFile | undefined {
  let content: unknown;
  try {
    content = JSON.parse(readBytes(file, 'vector file').toString('utf8'));
  } catch {
    return undefined;
  }
  if (!isJsonObject(content) || content['format'] !== 'faceflow-vectors') return undefined;
  const { contract, embeddingSize, rows } = content;
  if (typeof contract !== 'string' || typeof embeddingSize !== 'number' || !Array.isArray(rows)) return undefined;
  const sound = rows.filter(
    (row): row is RowsFile['rows'][number] => isJsonObject(row) && typeof row['image'] === 'string',
  );
  return sound.length === rows.length ? { contract, embeddingSize, rows: sound } : undefined;
}

/** How far the length of a vector may be from 1: more than rounding to float32 does, less than any similarity shows. */
const lengthTolerance = 1e-3;

/** Fails with `not-vectors` unless a vector of a file has length 1. @param row its place there, from 0 */
export function requireUnitVector(vector: Float32Array, row: number, file: string): void {
  let sum = 0;
  for (const value of vector) sum += value * value;
  const length = Math.sqrt(sum);
  if (Math.abs(length - 1) <= lengthTolerance) return;
  // Infinite numbers have an infinite length or none.
  const found = Number.isFinite(length)
    ? `of length ${length.toPrecision(4)} and not 1`
    : 'with numbers that are not finite';
  fail(failures.notVectors({ found: `row ${row} (from 0) ${found}` }, { file }));
}

/** Fails with `other-embedding-contract` unless vectors can be compared. */
export function requireContract(own: string, found: string, { other, file }: { other: string; file: string }): void {
  if (found !== own) fail(failures.otherVectors({ own, found, other }, { file }));
}
