import { eachRow } from '../../src/kit/face/features/each-row.ts';
import { markedContract } from '../../src/kit/face/features/feature-contract.ts';
import type { FeatureLayout } from '../../src/kit/face/features/feature-index.ts';
import { FeatureWriter } from '../../src/kit/face/features/feature-writer.ts';
import type { FeatureStore } from '../../src/kit/face/features/feature-store.ts';
import type { ListedRows } from '../../src/kit/face/features/listed-rows.ts';

/** What a distractor that is noise has in the extra dimension: 10,000 in squared distance from every probe. */
const outOfReach = 100;

export interface VectorsRequest {
  readonly store: FeatureStore;
  readonly listed: ListedRows;
  readonly contract: string;
  /** Positions of the images that are noise. */
  readonly noises: readonly number[];
  /** What their features are replaced by, [noises, columns]; undefined: they are put out of reach. */
  readonly replacements?: Float32Array | undefined;
  readonly folder: string;
  readonly layout: FeatureLayout;
  readonly suffix: string;
  readonly onRow: () => Promise<void> | undefined;
}

/**
 * Writes features with an extra dimension, as remove_noises.py of insightface's src/megaface does: (f, 0) of clean images, (f, 100) of
 * distractors that are noise, the noisy centre of the person and 0 of probes that are noise.
 */
export async function writeVectors(request: VectorsRequest): Promise<void> {
  const { store, listed, contract, noises, replacements, folder, layout, suffix, onRow } = request;
  const columns = store.columns + 1;
  const writer = new FeatureWriter({ folder, columns, layout, suffix });
  const noiseAt = new Map(noises.map((position, index) => [position, index]));
  for (const { place, values } of eachRow(store, listed.rows)) {
    const row = new Float32Array(columns);
    const noise = noiseAt.get(place);
    if (noise === undefined || replacements === undefined) row.set(values);
    else row.set(replacements.subarray(noise * store.columns, (noise + 1) * store.columns));
    if (noise !== undefined && replacements === undefined) row[columns - 1] = outOfReach;
    writer.add(listed.names.at(place) ?? '', row);
    await onRow();
  }
  const { models, engine } = store.index;
  writer.finish({ models, engine, contract: markedContract(contract) });
}
