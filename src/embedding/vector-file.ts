import { readFileSync } from 'node:fs';
import { fail } from '../core/failure.ts';
import { isJsonObject } from '../kit/codec/json-text.ts';
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
    content = JSON.parse(readFileSync(file, 'utf8'));
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

/** Fails with `other-embedding-contract` unless vectors can be compared. */
export function requireContract(own: string, found: string, { other, file }: { other: string; file: string }): void {
  if (found !== own) fail(failures.otherVectors({ own, found, other }, { file }));
}
