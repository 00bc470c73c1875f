import { copyFileSync, existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type EmbeddedPool,
  type OrderState,
  requireSeveralGroups,
  type Sampling,
} from '../../../src/kit/dataset/batch-order.ts';
import { openDataLoader, type DataLoaderOptions, type EmbedImages } from '../../../src/kit/dataset/data-loader.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { jpeg, printedFailure, temporaryFolder } from './tiny-faces.ts';

/** Images per identity: one has a single image. */
const counts = [3, 1, 2, 5, 4, 2];

function pack(images: readonly number[] = counts): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder);
  let seed = 1;
  for (const [label, count] of images.entries()) {
    for (let image = 0; image < count; image += 1) {
      writer.add(label, true, jpeg(seed));
      seed += 1;
    }
  }
  writer.finish({ height: 16, width: 16 });
  return folder;
}

const grouped: Sampling = { imagesPerIdentity: 3, batchMultiple: 3 };

/** The first and the last pixel of an image as its embedding, so that it says which image it is. */
const embed: EmbedImages = (pixels, count) => {
  const bytes = pixels.length / count;
  const rows = Array.from({ length: count }, (_, row) => [
    3 + (pixels[row * bytes] ?? 0),
    4 + (pixels[(row + 1) * bytes - 1] ?? 0),
  ]);
  return Promise.resolve(Float32Array.from(rows.flat()));
};

async function read(
  options: DataLoaderOptions,
  steps: number,
): Promise<{ labels: number[][]; states: (OrderState | undefined)[]; images: Buffer[] }> {
  const loader = await openDataLoader(options);
  const result = { labels: [] as number[][], states: [] as (OrderState | undefined)[], images: [] as Buffer[] };
  try {
    for (let step = 0; step < steps; step += 1) {
      const { labels, images } = await loader.next(embed);
      result.labels.push([...labels]);
      result.images.push(Buffer.from(images));
      result.states.push(loader.orderState());
    }
  } finally {
    await loader.close();
  }
  return result;
}

describe('batches of several images of each identity', () => {
  it('have them side by side, every identity of two images or more once per epoch, small ones with an image again', async () => {
    const { labels, images } = await read(
      { folders: [pack()], batch: 3, seed: 1, mirror: false, sampling: grouped },
      10,
    );
    const groups = labels.map((batch) => new Set(batch));
    expect(groups.every((group) => group.size === 1)).toBe(true);
    const epochs = [labels.slice(0, 5), labels.slice(5)].map((epoch) => epoch.map(([label]) => label));
    for (const epoch of epochs) expect([...epoch].sort()).toEqual([0, 2, 3, 4, 5]);
    expect(epochs[0]).not.toEqual(epochs[1]);
    const distinct = labels.map(
      (_, step) =>
        new Set([0, 768, 1536].map((start) => images[step]?.subarray(start, start + 768).toString('hex'))).size,
    );
    expect(distinct).toEqual(labels.map(([label]) => Math.min(3, counts[label ?? 0] ?? 0)));
  });

  it('are the same from any step on, and with any number of threads', async () => {
    const options = { folders: [pack()], batch: 6, seed: 2, mirror: true, sampling: grouped };
    const whole = await read(options, 7);
    const part = await read({ ...options, startStep: 4, threads: 2 }, 3);
    expect(part.labels).toEqual(whole.labels.slice(4));
    expect(part.images).toEqual(whole.images.slice(4));
  });

  it('end with one failure where a set cannot give them', async () => {
    const open = (folder: string, batch: number) => (): Promise<unknown> =>
      openDataLoader({ folders: [folder], batch, seed: 1, mirror: false, sampling: grouped });
    expect(await printedFailure(open(pack(), 4))).toBe(
      'batch-not-divisible: a batch of 4 images is not made of groups of 3, as this loss needs it\n  Choose a batch of 6, for one.',
    );
    expect(
      await printedFailure(() => {
        requireSeveralGroups(3, grouped);
      }),
    ).toBe(
      'batch-of-one-identity: a batch of 3 images is of one identity, and this loss compares the identities of a batch, with 3 images of each\n  Choose a batch of 6 or more.',
    );
    expect(await printedFailure(open(pack([4, 1, 1]), 6))).toMatch(
      /too-few-identities: the set has 1 identities with two images or more, expected two at least\n/,
    );
    expect(await printedFailure(open(pack([2, 2]), 9))).toMatch(
      /too-few-identities: a batch of 9 is of 3 identities with two images or more, and the set has 2\n/,
    );
  });
});

const withoutIdentities = '../shared/data/samples/mxnet-im2rec';

it.skipIf(!existsSync(withoutIdentities))(
  'a set of im2rec, which has no records of identities, is refused with what to do',
  async () => {
    const folder = temporaryFolder();
    for (const name of ['train.rec', 'train.idx']) copyFileSync(join(withoutIdentities, name), join(folder, name));
    writeFileSync(join(folder, 'property'), '2,112,112');
    const open = (): Promise<unknown> =>
      openDataLoader({ folders: [folder], batch: 3, seed: 1, mirror: false, sampling: grouped });
    expect(await printedFailure(open)).toMatch(
      /train\.rec: no-identity-records: the packed set has no records of identities, which this loss needs to find several images of each\n  The stages/,
    );
  },
);

/** Chooses the pool as it is, and notes it. */
function mining(pools: EmbeddedPool[], poolSize = 6): Sampling {
  return {
    imagesPerIdentity: 2,
    batchMultiple: 3,
    mining: {
      poolSize,
      choose: (pool, { batch }) => {
        pools.push(pool);
        const whole = pool.labels.length - (pool.labels.length % batch);
        return Int32Array.from({ length: whole }, (_, place) => place);
      },
    },
  };
}

describe('batches that the network chooses', () => {
  it('come from pools of identities side by side, embedded in rows of length 1 when they are needed', async () => {
    const pools: EmbeddedPool[] = [];
    const { labels } = await read({ folders: [pack()], batch: 3, seed: 3, mirror: false, sampling: mining(pools) }, 4);
    // Ten images of five identities: a pool of six, and the rest is left out.
    expect(pools.map((pool) => pool.labels.length)).toEqual([6, 6]);
    // Each pool is of an epoch of its own here, and in an order of its own.
    expect([...(pools[0]?.labels ?? [])]).not.toEqual([...(pools[1]?.labels ?? [])]);
    for (const { labels: all, embeddings } of pools) {
      expect([all[0], all[2], all[4]]).toEqual([all[1], all[3], all[5]]);
      for (let row = 0; row < 6; row += 1)
        expect(Math.hypot(...embeddings.subarray(2 * row, 2 * row + 2))).toBeCloseTo(1, 6);
    }
    expect(labels.flat()).toEqual(pools.flatMap((pool) => [...pool.labels]));
  });

  it('are the same after an interruption, from what the loader says is to be remembered', async () => {
    const options = { folders: [pack()], batch: 3, seed: 4, mirror: true };
    const whole = await read({ ...options, sampling: mining([]) }, 7);
    for (const stopped of [1, 2, 3, 5]) {
      // As it comes back from a checkpoint.
      const orderState = JSON.parse(JSON.stringify(whole.states[stopped - 1])) as OrderState;
      const rest = await read(
        { ...options, sampling: mining([]), startStep: stopped, orderState, threads: 1 },
        7 - stopped,
      );
      expect(rest.labels).toEqual(whole.labels.slice(stopped));
      expect(rest.images).toEqual(whole.images.slice(stopped));
    }
  });

  it('end with one failure where the network finds nothing to choose', async () => {
    const nothing: Sampling = { ...mining([]), mining: { poolSize: 6, choose: () => new Int32Array() } };
    const failing = (): Promise<unknown> =>
      read({ folders: [pack()], batch: 3, seed: 5, mirror: false, sampling: nothing }, 1);
    expect(await printedFailure(failing)).toMatch(
      /nothing-to-mine: 18 images were looked at without two batches of 3 among them/,
    );
  });
});
