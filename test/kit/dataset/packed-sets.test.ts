import { describe, expect, it } from 'vitest';
import { openDataLoader, type DataLoaderOptions } from '../../../src/kit/dataset/data-loader.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { decodeImage } from '../../../src/kit/image/image.ts';
import { failuresOf, jpeg, printedFailure, temporaryFolder } from './tiny-faces.ts';

/** Images of identities 0, 1, ..., so many each, drawn from `seed` on. */
function pack(seed: number, counts: readonly number[], { size = 16, identityRecords = true } = {}): string {
  const folder = temporaryFolder();
  const writer = new DatasetWriter(folder, { identityRecords });
  let next = seed;
  for (const [label, count] of counts.entries()) {
    for (let image = 0; image < count; image += 1) writer.add(label, true, jpeg(next++, size));
  }
  writer.finish({ height: size, width: size });
  return folder;
}

interface Copy {
  readonly positions: readonly number[];
  readonly labels: readonly number[];
  readonly ids: readonly (number | string)[];
  readonly images: Buffer;
}

async function read(options: DataLoaderOptions, batches: number): Promise<Copy[]> {
  const loader = await openDataLoader(options);
  const copies: Copy[] = [];
  try {
    for (let index = 0; index < batches; index += 1) {
      const { images, labels, positions } = await loader.next();
      const ids = [...positions].map((position) => loader.idOf(position));
      copies.push({ positions: [...positions], labels: [...labels], ids, images: Buffer.from(images) });
    }
  } finally {
    await loader.close();
  }
  return copies;
}

describe('several packed sets', () => {
  it('are one: images and labels of a set come after those of the sets before it, in one shuffled order', async () => {
    const folders = [pack(100, [2, 1]), pack(200, [3, 1, 1])];
    const options = { folders, batch: 4, seed: 2, mirror: false };
    const loader = await openDataLoader(options);
    expect([loader.imageCount, loader.identities]).toEqual([8, 5]);
    expect(loader.parts().map(({ firstImage, firstLabel }) => [firstImage, firstLabel])).toEqual([
      [0, 0],
      [3, 2],
    ]);
    await loader.close();
    const batches = await read(options, 2);
    const labels = [0, 0, 1, 2, 2, 2, 3, 4];
    const seeds = [100, 101, 102, 200, 201, 202, 203, 204];
    expect(batches.flatMap(({ positions }) => positions).sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(batches[0]?.positions.map((position) => position < 3))).toEqual(new Set([true, false]));
    for (const batch of batches) {
      expect(batch.labels).toEqual(batch.positions.map((position) => labels[position]));
      expect(batch.ids).toEqual(
        batch.positions.map((position) => (position < 3 ? `${position + 1} of set 1` : `${position - 2} of set 2`)),
      );
      for (const [place, position] of batch.positions.entries()) {
        const { data } = await decodeImage(jpeg(seeds[position] ?? 0), 'x');
        expect(batch.images.subarray(place * 768, (place + 1) * 768).equals(Buffer.from(data))).toBe(true);
      }
    }
  });

  it('give the same batches from any step on and with any number of threads, with augmentations too', async () => {
    const folders = [pack(1, [3, 2]), pack(50, [4, 2])];
    const augment = { crop: { probability: 0.5, smallest: 0.2 }, grey: { probability: 0.5 } };
    const options = { folders, batch: 3, seed: 2, mirror: true, augment };
    const whole = await read(options, 9);
    for (const startStep of [1, 4, 6]) {
      expect(await read({ ...options, startStep, threads: 2 }, 3)).toEqual(whole.slice(startStep, startStep + 3));
    }
  });

  it('give groups of identities of both', async () => {
    const folders = [pack(1, [2, 2]), pack(50, [2])];
    const sampling = { imagesPerIdentity: 2, batchMultiple: 2 };
    const [batch] = await read({ folders, batch: 6, seed: 3, mirror: false, sampling }, 1);
    expect([...(batch?.labels ?? [])].sort()).toEqual([0, 0, 1, 1, 2, 2]);
    expect([0, 2, 4].map((place) => batch?.labels[place] === batch?.labels[place + 1])).toEqual([true, true, true]);
  });

  it('are one failure where they do not go together', async () => {
    const one = pack(1, [2, 2]);
    const open =
      (folders: readonly string[], batch = 2) =>
      (): Promise<unknown> =>
        openDataLoader({ folders, batch, seed: 1, mirror: false });
    const larger = pack(9, [2], { size: 24 });
    expect(await printedFailure(open([one, larger]))).toBe(
      `${larger}: unequal-sets: the images of this set have 24 x 24 pixels, those of ${one} have 16 x 16\n` +
        '  A network takes images of one size: pack both sets with the same imageSize.',
    );
    expect((await failuresOf(open([one, `${one}/.`])))[0]?.code).toBe('set-twice');
    expect((await failuresOf(open([one, pack(5, [1])], 6)))[0]?.message).toContain(
      'holds 5 images, fewer than one batch of 6',
    );
  });

  it('name the set that has no records of identities, where a loss needs them', async () => {
    const plain = pack(5, [2], { identityRecords: false });
    const sampling = { imagesPerIdentity: 2, batchMultiple: 2 };
    const [failure] = await failuresOf(() =>
      openDataLoader({ folders: [pack(1, [2, 2]), plain], batch: 2, seed: 1, mirror: false, sampling }),
    );
    expect(failure).toMatchObject({ code: 'no-identity-records', at: { file: `${plain}/train.rec` } });
  });
});
