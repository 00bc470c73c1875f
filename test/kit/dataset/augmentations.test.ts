import { describe, expect, it } from 'vitest';
import { Random } from '../../../src/core/random.ts';
import { augmentImage, changesPixels, requireAugmentations } from '../../../src/kit/dataset/augmentations/index.ts';
import { crop } from '../../../src/kit/dataset/augmentations/crop.ts';
import { cutOut, drawHoles } from '../../../src/kit/dataset/augmentations/cut-out.ts';
import { changeGeometry, drawMatrix } from '../../../src/kit/dataset/augmentations/geometry.ts';
import { makeHoles } from '../../../src/kit/dataset/augmentations/holes.ts';
import { colourMatrix, makeGrey } from '../../../src/kit/dataset/augmentations/hue.ts';
import { operate } from '../../../src/kit/dataset/augmentations/operations.ts';
import { brighten, contrast, photometric, saturate } from '../../../src/kit/dataset/augmentations/photometric.ts';
import {
  equalize,
  posterize,
  sharpen,
  solarize,
  stretchContrast,
} from '../../../src/kit/dataset/augmentations/tones.ts';
import { openDataLoader, type DataLoaderOptions } from '../../../src/kit/dataset/data-loader.ts';
import { DatasetWriter } from '../../../src/kit/dataset/dataset-writer.ts';
import type { RgbImage } from '../../../src/kit/image/rgb-image.ts';
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

describe('a changed geometry', () => {
  const options = { probability: 1, smallest: 0.8, largest: 1.2, turned: 0.2, degrees: 20, shift: 0.1 };

  it('magnifies by 0.8 to 1.2, turns a fifth by up to 20 degrees, and moves the centre by up to a tenth', () => {
    const size = { width: 101, height: 51 };
    const found = seeds.map((seed) => {
      const [a, b, x, c, d, y] = drawMatrix(size, options, new Random(seed));
      return {
        scale: Math.hypot(a, c),
        degrees: (Math.atan2(c, a) * 180) / Math.PI,
        across: a * 50 + b * 25 + x - 50,
        down: c * 50 + d * 25 + y - 25,
      };
    });
    const range = (values: readonly number[]): number[] => [Math.min(...values), Math.max(...values)];
    const [leastScale = 0, greatestScale = 0] = range(found.map(({ scale }) => scale));
    expect([leastScale >= 0.8, leastScale < 0.82, greatestScale <= 1.2, greatestScale > 1.18]).not.toContain(false);
    const turned = found.filter(({ degrees }) => Math.abs(degrees) > 1e-9);
    expect(turned.length / found.length).toBeCloseTo(0.2, 1);
    const [least = 0, greatest = 0] = range(turned.map(({ degrees }) => degrees));
    expect([least >= -20, least < -15, greatest <= 20, greatest > 15]).not.toContain(false);
    const [left = 0, right = 0] = range(found.map(({ across }) => across));
    expect([left > -10.2, left < -9, right < 10.2, right > 9]).not.toContain(false);
    const [up = 0, below = 0] = range(found.map(({ down }) => down));
    expect([up > -5.2, up < -4.5, below < 5.2, below > 4.5]).not.toContain(false);
  });

  it('leaves an image as it is that is neither magnified, turned nor moved, and brings in black', () => {
    const image = { width: 20, height: 16, data: paint(3, 20, 16).data };
    const before = image.data.slice();
    const none = { ...options, smallest: 1, largest: 1, turned: 0, shift: 0 };
    changeGeometry(image, none, new Random(1));
    expect(image.data).toEqual(before);
    image.data.fill(200);
    changeGeometry(image, { ...none, smallest: 0.5, largest: 0.5 }, new Random(1));
    expect([...image.data.subarray(0, 3)]).toEqual([0, 0, 0]);
    const middle = (8 * 20 + 10) * 3;
    expect([...image.data.subarray(middle, middle + 3)]).toEqual([200, 200, 200]);
  });
});

describe('holes', () => {
  it('are squares of black, 12 to 20, each whole within the image', () => {
    const counts = seeds.map((seed) => {
      const image = { width: 200, height: 180, data: new Uint8Array(200 * 180 * 3).fill(9) };
      makeHoles(image, { probability: 1, least: 12, most: 20, size: 16 }, new Random(seed));
      return image.data.filter((value) => value === 0).length / (16 * 16 * 3);
    });
    // Some lie over others.
    expect(Math.max(...counts)).toBeLessThanOrEqual(20);
    expect(Math.max(...counts)).toBeGreaterThan(18);
    expect(Math.min(...counts)).toBeGreaterThan(8);
    const one = { width: 20, height: 20, data: new Uint8Array(20 * 20 * 3).fill(9) };
    makeHoles(one, { probability: 1, least: 1, most: 1, size: 16 }, new Random(3));
    expect(one.data.filter((value) => value === 0).length).toBe(16 * 16 * 3);
  });
});

// What Pillow 13.0.0 makes of the same pixels (ImageOps, ImageEnhance.Sharpness).
describe('tones', () => {
  const pixels = (): Uint8Array =>
    Uint8Array.from({ length: 5 * 4 * 3 }, (_, index) => ((index * 37 + (index % 7) * 11) % 200) + 20);
  const expected: Readonly<Record<string, readonly number[]>> = {
    posterize: [
      16, 64, 112, 160, 208, 56, 104, 72, 120, 168, 16, 64, 112, 160, 136, 184, 32, 80, 128, 176, 24, 192, 40, 88, 136,
      184, 32, 80, 56, 104, 152, 200, 48, 96, 144, 112, 160, 208, 56, 104, 152, 200, 168, 16, 64, 112, 160, 208, 56, 32,
      80, 128, 176, 24, 72, 120, 88, 136, 184, 32,
    ],
    solarize: [
      20, 68, 116, 91, 43, 60, 108, 79, 127, 80, 23, 71, 119, 88, 117, 69, 34, 82, 125, 77, 26, 58, 45, 93, 114, 66, 37,
      85, 56, 104, 103, 55, 48, 96, 111, 115, 92, 44, 59, 107, 100, 52, 81, 22, 70, 118, 89, 41, 62, 33, 81, 129, 78,
      25, 73, 121, 92, 115, 67, 36,
    ],
    autocontrast: [
      0, 61, 122, 207, 255, 47, 126, 76, 137, 223, 1, 62, 142, 194, 152, 239, 16, 76, 158, 209, 1, 255, 30, 91, 174,
      224, 16, 93, 45, 106, 190, 238, 31, 109, 163, 121, 206, 253, 45, 125, 178, 240, 221, 0, 60, 141, 193, 255, 60, 14,
      75, 157, 208, 0, 76, 132, 90, 172, 222, 14,
    ],
    sharper: [
      20, 68, 116, 164, 212, 60, 108, 79, 127, 175, 23, 71, 119, 167, 138, 186, 34, 82, 127, 197, 3, 219, 6, 95, 141,
      223, 10, 85, 56, 104, 152, 200, 48, 79, 148, 128, 179, 241, 50, 95, 165, 254, 174, 22, 70, 118, 166, 214, 62, 33,
      81, 129, 177, 25, 73, 121, 92, 140, 188, 36,
    ],
    softer: [
      20, 68, 116, 164, 212, 60, 108, 79, 127, 175, 23, 71, 119, 167, 138, 186, 34, 82, 132, 154, 52, 170, 89, 90, 141,
      148, 67, 85, 56, 104, 152, 200, 48, 115, 138, 99, 143, 176, 69, 120, 142, 143, 174, 22, 70, 118, 166, 214, 62, 33,
      81, 129, 177, 25, 73, 121, 92, 140, 188, 36,
    ],
  };

  it.each([
    [
      'posterize',
      (image: RgbImage) => {
        posterize(image.data, 5);
      },
    ],
    [
      'solarize',
      (image: RgbImage) => {
        solarize(image.data, 130);
      },
    ],
    [
      'autocontrast',
      (image: RgbImage) => {
        stretchContrast(image.data);
      },
    ],
    [
      'sharper',
      (image: RgbImage) => {
        sharpen(image, 1.6);
      },
    ],
    [
      'softer',
      (image: RgbImage) => {
        sharpen(image, 0.3);
      },
    ],
  ] as const)('%s is as in Pillow', (name, change) => {
    const image = { width: 5, height: 4, data: pixels() };
    change(image);
    expect([...image.data]).toEqual(expected[name]);
  });

  it('are equalized as in Pillow', () => {
    const data = Uint8Array.from({ length: 30 * 20 * 3 }, (_, index) => ((index * index * 7 + index * 3) % 97) + 60);
    equalize(data);
    expect([...data.subarray(0, 30)]).toEqual([
      0, 30, 82, 207, 58, 255, 232, 213, 249, 37, 138, 24, 220, 169, 157, 194, 255, 95, 255, 182, 132, 126, 175, 255,
      65, 255, 164, 113, 113, 164,
    ]);
    expect(data.reduce((sum, value) => sum + value, 0)).toBe(259426);
  });
});

describe('operations', () => {
  it('are each drawn, and change the image the more the stronger they are', () => {
    const change = (magnitude: number): number => {
      const differences = seeds.slice(0, 100).map((seed) => {
        const image = paint(5, 24);
        const before = image.data.slice();
        operate(image, { probability: 1, count: 1, magnitude, deviation: 0 }, new Random(seed));
        return image.data.reduce((sum, value, at) => sum + Math.abs(value - (before[at] ?? 0)), 0) / before.length;
      });
      return differences.reduce((sum, each) => sum + each, 0) / differences.length;
    };
    expect(change(28)).toBeGreaterThan(1.5 * change(3));
  });
});
