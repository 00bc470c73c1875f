import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOf } from '../../src/core/digest.ts';
import type { EmbeddingStore } from '../../src/kit/face/embedding-store.ts';
import { mistakesImage } from '../../src/kit/face/mistakes-image.ts';
import { unitSum } from '../../src/kit/face/pair-distances.ts';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import { wrongPairs } from '../../src/kit/face/worst-pairs.ts';
import { featureMatrix } from '../../src/kit/codec/megaface/feature-matrix.ts';
import { encodePng } from '../../src/kit/image/image.ts';
import { PickleWriter } from '../../src/kit/codec/pickle/pickle-writer.ts';
import type { NamedSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { Params } from './contract.ts';

export interface DetailsRequest {
  readonly set: NamedSet;
  readonly result: VerificationResult;
  readonly store: EmbeddingStore;
  readonly params: Pick<Params, 'mistakes' | 'embeddings'>;
  readonly folder: string;
}

/** Writes what was requested beside the result: modes 1 and 2 of the 2018 system (src/eval/verification.py). */
export async function writeDetails(request: DetailsRequest): Promise<void> {
  const { params, folder, set } = request;
  if (params.mistakes) await writeMistakes(request);
  if (params.embeddings === 'none') return;
  const { values, columns } = embeddingsOf(request);
  if (params.embeddings === 'matrix') {
    const rows = values.length / columns;
    const matrix = featureMatrix.encode({ rows, columns, type: 'float64', values });
    writeFileSync(join(folder, `${set.name}_embeddings.bin`), matrix);
    return;
  }
  const writer = new PickleWriter();
  writer.matrix(values, columns);
  writer.list(set.set.same, (same) => {
    writer.boolean(same);
  });
  writer.pair();
  writeFileSync(join(folder, `${set.name}_embeddings.pickle`), writer.finish());
}

async function writeMistakes({ set: { set, name }, result, folder }: DetailsRequest): Promise<void> {
  const { falseAccepts, falseRejects } = wrongPairs(result, result.folds);
  const threshold = result.folds.reduce((sum, fold) => sum + fold.threshold, 0) / result.folds.length;
  const images = { 'positive(false_negative)': falseRejects, 'negative(false_positive)': falseAccepts };
  for (const [kind, wrong] of Object.entries(images)) {
    const image = await mistakesImage(wrong, set, threshold);
    if (image !== undefined) writeFileSync(join(folder, `${name}_${kind}.png`), await encodePng(image));
  }
}

/** Per image of the set the sum of both orientations, brought to length 1, in double precision. */
function embeddingsOf({ set, store, result }: DetailsRequest): { values: Float64Array; columns: number } {
  const columns = result.embeddingSize;
  const values = new Float64Array(set.set.images.length * columns);
  for (const [index, bytes] of set.set.images.entries()) {
    const embedded = store.find(digestOf(bytes));
    if (embedded === undefined) throw new Error(`image ${index} has not been embedded`);
    unitSum([embedded.original, embedded.mirrored], values.subarray(index * columns, (index + 1) * columns));
  }
  return { values, columns };
}
