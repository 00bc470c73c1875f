import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { sharedPeople, type SharedPeople } from '../../../src/kit/face/shared-people.ts';
import { productsOnBackend } from '../../../src/kit/face/similarity/products.ts';
import { decodeImage } from '../../../src/kit/image/image.ts';
import { readModel } from '../../../src/kit/net/model/model-folder.ts';
import { graphEmbedder } from '../../../src/kit/net/sessions/embedder.ts';
import { graphSession } from '../../../src/kit/net/sessions/graph-session.ts';
import { embed, linearModel, side } from '../../stages/linear-model.ts';
import { jpeg, printedFailure, temporaryFolder } from '../dataset/tiny-faces.ts';
import { referenceEngine } from '../net/backends/engines.ts';

/** Seeds of the images of each identity. */
const identities = [[1, 2], [3], [4, 5, 6]];
/** Images of the verification sets; 4 is a training image of identity 2. */
const sets = { lfw: [20, 21, 22, 23], agedb: [4, 24, 4, 25] };

function pack(width = side): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  for (const [label, seeds] of identities.entries())
    for (const seed of seeds) writer.add(label, true, jpeg(seed, width));
  writer.finish({ height: width, width });
  return folder;
}

async function compare({ dataset = pack(), threshold = 0.4, hasModel = true } = {}): Promise<readonly SharedPeople[]> {
  const engine = await referenceEngine();
  const folder = join(temporaryFolder(), 'model');
  linearModel(folder);
  const model = readModel(folder);
  const embedder = graphEmbedder(graphSession(engine, model), model.shaped);
  return sharedPeople({
    datasets: [dataset],
    sets: Object.entries(sets).map(([name, seeds]) => ({
      name,
      file: `${name}.bin`,
      set: { images: seeds.map((seed) => jpeg(seed, side)), same: [true, false] },
    })),
    judge: hasModel ? { embedder, products: productsOnBackend(engine, embedder.embeddingSize) } : undefined,
    threshold,
    batch: 4,
    signal: new AbortController().signal,
    onProgress: () => undefined,
  });
}

/** Section 7 of the description of the 2018 tools, step by step, in float64. */
async function cosinesByHand(): Promise<Record<string, number[]>> {
  const weights = linearModel(join(temporaryFolder(), 'model'));
  const unit = (row: readonly number[]): number[] => {
    const norm = Math.hypot(...row);
    return row.map((value) => value / norm);
  };
  const embedded = async (seed: number): Promise<number[]> => {
    const { data } = await decodeImage(jpeg(seed, side), { file: 'x' });
    return unit(embed(data, weights, false));
  };
  const centres = await Promise.all(
    identities.map(async (seeds) => {
      const rows = await Promise.all(seeds.map(embedded));
      return unit((rows[0] ?? []).map((_, at) => rows.reduce((sum, row) => sum + (row[at] ?? NaN), 0) / rows.length));
    }),
  );
  const nearest = async (seeds: readonly number[]): Promise<number[]> => {
    const images = await Promise.all(seeds.map(embedded));
    const cosine = (one: readonly number[], other: readonly number[]): number =>
      one.reduce((sum, value, at) => sum + value * (other[at] ?? NaN), 0);
    return centres.map((centre) => Math.max(...images.map((image) => cosine(centre, image))));
  };
  return { lfw: await nearest(sets.lfw), agedb: await nearest(sets.agedb) };
}

describe('people of verification sets in a training set', () => {
  it('are those whose centres are near an image, as the 2018 tool finds them', async () => {
    const expected = await cosinesByHand();
    const all = Object.values(expected).flat();
    // Between the third and the fourth: some are shared, some are not.
    const threshold = all.toSorted((one, other) => other - one)[2] ?? NaN;
    const found = await compare({ threshold: threshold - 1e-4 });
    for (const { set, byCentres } of found) {
      const cosines = expected[set] ?? [];
      expect(byCentres?.closest).toBeCloseTo(Math.max(...cosines), 4);
      const shared = [...cosines.entries()]
        .filter(([, cosine]) => cosine >= threshold - 1e-4)
        .sort(([, one], [, other]) => other - one);
      expect(byCentres?.identities.map(({ label }) => label)).toEqual(shared.map(([label]) => label));
      expect(byCentres?.identities.every(({ cosine }) => cosine >= threshold - 2e-4)).toBe(true);
    }
    expect(found.flatMap(({ byCentres }) => byCentres?.identities ?? [])).toHaveLength(3);
  });

  it('are found by equal images where there is no model', async () => {
    expect(await compare({ hasModel: false })).toEqual([
      { set: 'lfw', equalImages: 0, equalIdentities: [] },
      { set: 'agedb', equalImages: 1, equalIdentities: [{ dataset: 0, label: 2 }] },
    ]);
  });

  it('of another size than the model takes are refused, naming the file', async () => {
    const dataset = pack(16);
    expect(await printedFailure(() => compare({ dataset }))).toBe(
      `${dataset}/train.rec: image-size-mismatch: the network takes images of 8 x 8 pixels, an image of the training set has 16 x 16\n  Pack the set from images aligned to the size the network was trained on: the stage align cuts faces out of photographs.`,
    );
  });
});
