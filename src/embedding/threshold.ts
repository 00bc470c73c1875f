import { basename } from 'node:path';
import { fail } from '../core/failure.ts';
import { isJsonObject } from '../kit/codec/json-text.ts';
import { readBytes } from '../kit/codec/read-file.ts';
import { type Interval, proportionInterval } from '../kit/face/uncertainty/proportion.ts';
import type { VerificationFile, VerificationResult } from '../kit/face/verification-result.ts';
import { defaultModel } from './default-model.ts';
import type { Embedder } from './embedder.ts';
import { failures } from './failures.ts';

/** From which similarity on two faces count as one person's, and how often that is wrong; measured, and on what. */
export interface Threshold {
  /** Least similarity (dot product of vectors of length 1) that counts as the same person. */
  readonly similarity: number;
  /** The same as a squared distance: 2 - 2 x similarity. */
  readonly distance: number;
  /** Share of pairs of different people that the set had accepted, with its 95 % interval. */
  readonly far: { readonly value: number; readonly interval: Interval };
  /** Share of pairs of one person that it had accepted. */
  readonly tar: { readonly value: number; readonly interval?: Interval };
  readonly evaluatedOn: {
    readonly model: string;
    readonly set: string;
    readonly pairs: number;
    readonly record: string;
  };
}

export interface ThresholdRequest {
  /** verification.json of the stage `verify`. */
  readonly record: string;
  /** The false acceptance rate that is asked for; the record has those of the stage `verify`. */
  readonly far: number;
  /** Name of the set; by default the first of the record. */
  readonly set?: string | undefined;
  /** Length of the vectors that are compared, and what made them, for the failure. */
  readonly vectors: { readonly embeddingSize: number; readonly model: string };
}

/**
 * Reads a threshold out of a record of the stage `verify`. Fails with `not-a-verify-record` if the file does not hold one, or not that rate,
 * and with `record-of-other` if it was measured with vectors of another length.
 */
export function readThreshold({ record, far, set, vectors }: ThresholdRequest): Threshold {
  const refuse = (problem: string): never => fail(failures.notAVerifyRecord({ problem }, { file: record }));
  const results = readRecord(record);
  const result = set === undefined ? results[0] : results.find((each) => each.set === set);
  if (result === undefined) {
    return refuse(
      set === undefined ? 'no result' : `no set "${set}", but ${results.map((each) => each.set).join(', ')}`,
    );
  }
  if (result.embeddingSize !== vectors.embeddingSize) {
    const found = `${vectors.model}, ${vectors.embeddingSize} numbers`;
    const of = `${result.model} on ${result.set}, ${result.embeddingSize} numbers`;
    fail(failures.recordOfOther({ record: of, found }, { file: record }));
  }
  const points = result.uncertainty?.tarAtFar ?? [];
  const point = points.find((each) => each.far === far && each.isMeasurable);
  if (point === undefined) {
    const rates = points.filter(({ isMeasurable }) => isMeasurable).map((each) => each.far);
    return refuse(rates.length === 0 ? 'no intervals' : `no rate ${far}, but ${rates.join(', ')}`);
  }
  const { distance, value, interval } = point;
  return {
    similarity: 1 - distance / 2,
    distance,
    far: acceptance(result, distance),
    tar: { value, ...(interval === undefined ? {} : { interval }) },
    evaluatedOn: { model: result.model, set: result.set, pairs: result.pairs, record },
  };
}

/** The results of a record of the stage `verify`. Fails with `not-a-verify-record`. */
export function readRecord(record: string): readonly VerificationResult[] {
  const refuse = (problem: string): never => fail(failures.notAVerifyRecord({ problem }, { file: record }));
  let content: unknown;
  try {
    content = JSON.parse(readBytes(record, 'record').toString('utf8'));
  } catch (error) {
    return refuse(error instanceof SyntaxError ? 'no JSON' : 'no file that can be read');
  }
  return isVerificationFile(content) ? content.results : refuse('other JSON');
}

function isVerificationFile(content: unknown): content is VerificationFile {
  return isJsonObject(content) && content['version'] === 2 && Array.isArray(content['results']);
}

/**
 * Of a record that a user names: fails with `record-of-other` if it is known to be of another network, or of vectors that were made in
 * another way. A record has the name of its model and no digest of it, so mostly that is not known, which the returned sentence says.
 */
export function requireOwnRecord(record: string, embedder: Pick<Embedder, 'model' | 'mirrored' | 'licences'>): string {
  const names = new Set<string>();
  for (const { model, set } of readRecord(record)) {
    names.add(model);
    if (!embedder.mirrored) {
      const facts = { record: `${model} on ${set}, with the mirror image added`, found: 'the image alone' };
      fail(failures.recordOfOther({ ...facts, remedy: 'Leave --no-mirror out, or --record.' }, { file: record }));
    }
    // Weights that are known by their digest are not those that come with the product, whose record has their name.
    if (model === basename(defaultModel()) && basename(embedder.model) !== model && embedder.licences.length > 0) {
      const found = `${embedder.model} (${embedder.licences.map(({ name }) => name).join(', ')})`;
      fail(failures.recordOfOther({ record: `${model} on ${set}`, found }, { file: record }));
    }
  }
  return `${record} tells of its model only the name ${[...names].join(', ')}: whether that is ${embedder.model} is not checked`;
}

/** Counted again on the pairs of different people, for the interval. */
function acceptance({ distances, same }: VerificationResult, threshold: number): Threshold['far'] {
  const different = distances.filter((_, pair) => same[pair] === false);
  // Distances in the record have six decimals.
  const accepted = different.filter((distance) => distance <= threshold + 5e-7).length;
  return { value: accepted / different.length, interval: proportionInterval(accepted, different.length) };
}
