import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { augmentImage, changesPixels, requireAugmentations } from '../../../src/kit/dataset/augmentations/index.ts';
import { crop } from '../../../src/kit/dataset/augmentations/crop.ts';
import { cutOut, drawHoles } from '../../../src/kit/dataset/augmentations/cut-out.ts';
import { colourMatrix, makeGrey } from '../../../src/kit/dataset/augmentations/hue.ts';
import { brighten, contrast, photometric, saturate } from '../../../src/kit/dataset/augmentations/photometric.ts';
import { openDataLoader, type DataLoaderOptions } from '../../../src/kit/dataset/data-loader.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import { failuresOf, jpeg, paint, temporaryFolder } from './tiny-faces.ts';

const seeds = Array.from({ length: 400 }, (_, seed) => seed);

describe('the square that is cut out', () => {
  it('has its centre anywhere in the image, half of its size to all sides, and ends with the image', () => {
    const holes = drawHoles({ size: 5, probability: 1 }, { batch: 4000, width: 12, height: 8 }, new Random(1));
    const centres = new Set<string>();
    for (let index = 0; index < holes.length; index += 4) {
      const [top = 0, left = 0, bottom = 0, right = 0] = holes.subarray(index, index + 4);
      // Half of 5, rounded down: four rows, or fewer at the border.
      expect([bottom - top, right - left].every((side) => side >= 2 && side <= 4)).toBe(true);
      expect(top >= 0 && left >= 0 && bottom <= 8 && right <= 12).toBe(true);
      centres.add(`${bottom === 8 ? top + 2 : bottom - 2} ${right === 12 ? left + 2 : right - 2}`);
    }
    expect(centres.size).toBe(12 * 8);
  });

  it('is 127.5, which is 0 for the network, and leaves the rest as it is', () => {
    const images = new Float32Array(2 * 4 * 5 * 3).fill(7);
    cutOut(images, Int32Array.of(0, 0, 0, 0, 1, 2, 3, 5), { width: 5, height: 4 });
    const rows = Array.from({ length: 8 }, (_, y) => [...images.subarray(y * 15, y * 15 + 15)]);
    const cut = [...Array<number>(6).fill(7), ...Array<number>(9).fill(127.5)];
    expect(rows).toEqual(rows.map((_, y) => (y === 5 || y === 6 ? cut : Array<number>(15).fill(7))));
  });

  it('is there as often as it is asked for', () => {
    const holes = drawHoles({ size: 4, probability: 0.3 }, { batch: 3000, width: 16, height: 16 }, new Random(2));
    const cut = Array.from({ length: 3000 }, (_, image) => (holes[4 * image + 2] ?? 0) > 0).filter(Boolean).length;
    expect(cut / 3000).toBeCloseTo(0.3, 1);
  });
});

describe('a crop', () => {
  it('keeps a rectangle where it is, of 0.2 to 1 of the area and with sides of 3/4 to 4/3, and makes the rest black', () => {
    const shares: number[] = [];
    for (const seed of seeds) {
      const image = { width: 32, height: 32, data: new Uint8Array(32 * 32 * 3).fill(9) };
      crop(image, { probability: 1, smallest: 0.2 }, new Random(seed));
      const kept = Array.from({ length: 32 * 32 }, (_, pixel) => pixel).filter((pixel) => image.data[3 * pixel] === 9);
      const rows = kept.map((pixel) => pixel >> 5);
      const columns = kept.map((pixel) => pixel & 31);
      const height = Math.max(...rows) - Math.min(...rows) + 1;
      const width = Math.max(...columns) - Math.min(...columns) + 1;
      expect(kept.length).toBe(width * height);
      expect(Math.max(width / height, height / width)).toBeLessThan(1.5);
      shares.push(kept.length / 1024);
    }
    expect(Math.min(...shares)).toBeGreaterThan(0.17);
    expect(Math.min(...shares)).toBeLessThan(0.25);
    expect(Math.max(...shares)).toBeGreaterThan(0.9);
  });
});

describe('colours', () => {
  it('are blended as Pillow does: cut, not rounded, and with its lightness', () => {
    const pixels = (): Uint8Array => Uint8Array.of(200, 100, 50, 10, 20, 250);
    const changed = (change: (pixels: Uint8Array, factor: number) => void, factor: number): number[] => {
      const image = pixels();
      change(image, factor);
      return [...image];
    };
    expect(changed(brighten, 1.3)).toEqual([255, 130, 65, 13, 26, 255]);
    expect(changed(brighten, 0.55)).toEqual([110, 55, 27, 5, 11, 137]);
    // Lightness 124 and 43: (200 19595 + 100 38470 + 50 7471 + 32768) / 65536 and so on; their mean 83.5 becomes 84.
    expect(changed(contrast, 0.5)).toEqual([142, 92, 67, 47, 52, 167]);
    expect(changed(saturate, 0)).toEqual([124, 124, 124, 43, 43, 43]);
    expect(changed(saturate, 1.5)).toEqual([238, 88, 13, 0, 8, 255]);
    for (const change of [brighten, contrast, saturate]) expect(changed(change, 1)).toEqual([...pixels()]);
  });

  it('are changed in every order, by factors from both sides of 1', () => {
    const results = seeds.map((seed) => {
      const image = paint(3, 8);
      photometric(image, { probability: 1, strength: 0.5 }, new Random(seed));
      return image.data.reduce((sum, value) => sum + value, 0) / image.data.length;
    });
    const before = paint(3, 8).data.reduce((sum, value) => sum + value, 0) / 192;
    expect(Math.min(...results)).toBeLessThan(0.6 * before);
    expect(Math.max(...results)).toBeGreaterThan(1.3 * before);
    expect(new Set(results).size).toBeGreaterThan(390);
  });

  it('turn by a hue and a saturation in the plane of YIQ, as in DALI', () => {
    const close = (matrix: readonly (readonly number[])[], expected: readonly (readonly number[])[]): void => {
      for (const [y, row] of expected.entries()) {
        for (const [x, value] of row.entries()) expect(matrix[y]?.[x]).toBeCloseTo(value, 2);
      }
    };
    close(colourMatrix(0, 1), [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    close(colourMatrix(360, 1), [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ]);
    const grey = [0.299, 0.587, 0.114];
    close(colourMatrix(77, 0), [grey, grey, grey]);
    // Greys stay greys, and lightness what it is.
    for (const row of colourMatrix(20, 1.2)) expect(row[0] + row[1] + row[2]).toBeCloseTo(1, 2);
    const [red, green, blue] = colourMatrix(20, 1.2);
    for (const channel of [0, 1, 2] as const) {
      const light = 0.299 * red[channel] + 0.587 * green[channel] + 0.114 * blue[channel];
      expect(light).toBeCloseTo(grey[channel] ?? 0, 3);
    }
    const image = { width: 1, height: 1, data: Uint8Array.of(200, 100, 50) };
    makeGrey(image);
    // 0.299 x 200 + 0.587 x 100 + 0.114 x 50 = 124.2
    expect([...image.data]).toEqual([124, 124, 124]);
  });
});

describe('augmentations', () => {
  it('follow from the seed of the image alone, and one does not move the draws of another', () => {
    const augmented = (augment: Parameters<typeof augmentImage>[1], seed: number): string => {
      const image = paint(4, 16);
      augmentImage(image, augment, seed);
      return Buffer.from(image.data).toString('hex');
    };
    const hue = { hue: { probability: 0.5, degrees: 20, saturation: 1.2 } };
    const never = { ...hue, crop: { probability: 0, smallest: 0.2 }, blur: { probability: 0 } };
    const plain = Buffer.from(paint(4, 16).data).toString('hex');
    const changed = seeds.filter((seed) => augmented(hue, seed) !== plain);
    expect(changed.length / seeds.length).toBeCloseTo(0.5, 1);
    for (const seed of seeds) {
      expect(augmented(hue, seed)).toBe(augmented(hue, seed));
      expect(augmented(never, seed)).toBe(augmented(hue, seed));
    }
  });

  it('are refused where no resolution lies between the smallest and the largest', async () => {
    const lowResolution = { probability: 1, smallest: 0.8, largest: 0.5 };
    const [failure] = await failuresOf(() => {
      requireAugmentations({ lowResolution });
    });
    expect(failure?.message).toBe(
      'expected augment.lowResolution.smallest to be augment.lowResolution.largest at most, found 0.8 and 0.5',
    );
    requireAugmentations({ lowResolution: { ...lowResolution, largest: 0.8 } });
  });

  it('change the batches of a training: every epoch in another way, the same after an interruption, and no pools', async () => {
    const folder = temporaryFolder();
    const writer = new DatasetWriter(folder);
    for (let label = 0; label < 6; label += 1) writer.add(label, true, jpeg(label, 16));
    writer.finish({ height: 16, width: 16 });
    const augment = {
      lowResolution: { probability: 0.6, smallest: 0.2, largest: 1 },
      photometric: { probability: 0.6, strength: 0.5 },
      cutOut: { size: 6, probability: 1 },
    };
    expect([changesPixels(augment), changesPixels({ cutOut: augment.cutOut }), changesPixels(undefined)]).toEqual([
      true,
      false,
      false,
    ]);
    const options = { folders: [folder], batch: 3, seed: 7, mirror: false };
    const read = async (
      more: Partial<DataLoaderOptions>,
      batches: number,
    ): Promise<readonly [string, string, number[]][]> => {
      const loader = await openDataLoader({ ...options, ...more });
      const copies: [string, string, number[]][] = [];
      for (let index = 0; index < batches; index += 1) {
        const { images, labels, holes } = await loader.next();
        for (const [place, label] of labels.entries()) {
          const pixels = Buffer.from(images.subarray(place * 768, (place + 1) * 768)).toString('hex');
          copies.push([String(label), pixels, [...(holes ?? []).slice(4 * place, 4 * place + 4)]]);
        }
      }
      await loader.close();
      return copies;
    };
    const whole = await read({ augment }, 8);
    expect(await read({ augment, startStep: 5, threads: 1 }, 3)).toEqual(whole.slice(15));
    const ofFirst = whole.filter(([label]) => label === '0');
    expect(new Set(ofFirst.map(([, pixels]) => pixels)).size).toBeGreaterThan(2);
    expect(new Set(ofFirst.map(([, , hole]) => String(hole))).size).toBe(4);
    const plain = await read({}, 8);
    expect(plain.map(([label]) => label)).toEqual(whole.map(([label]) => label));
    expect(plain.every(([, , hole]) => hole.length === 0)).toBe(true);
    const changed = whole.filter(([, pixels], index) => pixels !== plain[index]?.[1]).length;
    expect(changed).toBeGreaterThan(12);
    expect(changed).toBeLessThan(24);
  });
});
