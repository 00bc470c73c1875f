import { describe, expect, it } from 'vitest';
import type { Embedder } from '../../../src/kit/net/sessions/inference-session.ts';
import { MemoryEmbeddings } from '../../../src/kit/face/embedding-store.ts';
import { type VerifySetOptions, verifySet } from '../../../src/kit/face/verify-set.ts';
import { decodeImage, encodeJpeg } from '../../../src/kit/image/image.ts';
import type { VerificationSet } from '../../../src/kit/codec/insightface/verification-set.ts';
import { failuresOf, jpeg, paint } from '../dataset/tiny-faces.ts';

const side = 16;

/** Embeds an image as the means of its left half and of its right half, red and blue: mirrored images differ. */
class HalvesEmbedder implements Embedder {
  readonly height = side;
  readonly width = side;
  readonly embeddingSize = 4;
  readonly computesWith = 'sums';
  readonly counts: number[] = [];

  embed(pixels: Uint8Array, count: number): Promise<Float32Array> {
    this.counts.push(count);
    expect(pixels).toHaveLength(count * side * side * 3);
    const result = new Float32Array(count * 4);
    pixels.forEach((value, at) => {
      const image = Math.floor(at / (side * side * 3));
      const isRight = Math.floor(at / 3) % side >= side / 2;
      if (at % 3 === 1) return;
      const place = 4 * image + (isRight ? 2 : 0) + (at % 3) / 2;
      result[place] = (result[place] ?? 0) + value / (side * side);
    });
    return Promise.resolve(result);
  }

  dispose(): Promise<void> {
    return Promise.resolve();
  }
}

/** Same pairs: an image and its recompressed copy; different pairs: two other images. */
const set: VerificationSet = {
  images: Array.from({ length: 10 }, (_, pair) => [
    jpeg(pair, side),
    pair % 2 === 0 ? encodeJpeg(paint(pair, side), 60) : jpeg(pair + 40, side),
  ]).flat(),
  same: Array.from({ length: 10 }, (_, pair) => pair % 2 === 0),
};

function options(changes: Partial<VerifySetOptions> = {}): VerifySetOptions {
  return { embedder: new HalvesEmbedder(), set, name: 'tiny', folds: 5, batch: 4, ...changes };
}

describe('verifying a set', () => {
  it('returns the distances of the sums of original and mirrored embeddings', async () => {
    const result = await verifySet(options());
    const expected = await Promise.all(
      Array.from({ length: 10 }, async (_, pair) => {
        const [left, right] = await Promise.all([unitSum(2 * pair), unitSum(2 * pair + 1)]);
        return left.reduce((sum, value, index) => sum + (value - (right[index] ?? 0)) ** 2, 0);
      }),
    );
    expect(result.distances).toHaveLength(10);
    result.distances.forEach((distance, pair) => {
      expect(distance).toBeCloseTo(expected[pair] ?? NaN, 5);
    });
    expect(result).toMatchObject({ set: 'tiny', pairs: 10, samePairs: 5, embeddingSize: 4, same: set.same });
  });

  it('measures without mirrored images from the originals alone', async () => {
    // Left and right swapped: far apart as they are, alike once the mirrored image is added.
    const images = [halves(20, 240), halves(240, 20), halves(240, 240), halves(20, 20)];
    const result = await verifySet(options({ set: { images, same: [true, false] }, folds: 1 }));
    expect(result.distances[0]).toBeLessThan(1e-3);
    expect(result.accuracy).toBe(1);
    expect(result.accuracyWithoutFlip).toBe(0.5);
  });

  it('does not depend on the batch, not even for a set smaller than one', async () => {
    const reference = await verifySet(options({ batch: 1 }));
    for (const batch of [3, 7, 20, 64]) expect(await verifySet(options({ batch }))).toEqual(reference);
  });

  it('embeds an image that is in several pairs once', async () => {
    const embedder = new HalvesEmbedder();
    const [first = jpeg(1, side), second = jpeg(2, side)] = set.images;
    const repeated = { images: [first, second, second, first, first, first], same: [true, false, true] };
    const done: number[] = [];
    const result = await verifySet(
      options({ embedder, set: repeated, folds: 1, onProgress: (images) => done.push(images) }),
    );
    // Both images and both mirror images in one pass.
    expect(embedder.counts).toEqual([4]);
    expect(done).toEqual([2]);
    expect(result.distances[0]).toBe(result.distances[1]);
    expect(result.distances[2]).toBe(0);
  });

  it('embeds an image of several sets once where they share a store', async () => {
    const embedder = new HalvesEmbedder();
    const store = new MemoryEmbeddings();
    const whole = await verifySet(options({ embedder, store, batch: 20 }));
    const half = { images: set.images.slice(0, 10), same: set.same.slice(0, 5) };
    const again = await verifySet(options({ embedder, store, set: half, name: 'half' }));
    expect(embedder.counts).toEqual([40]);
    expect(again.distances).toEqual(whole.distances.slice(0, 5));
  });

  it('keeps wrong pairs with thumbnails when asked to', async () => {
    const reversed = { ...set, same: set.same.map((same) => !same) };
    const result = await verifySet(options({ set: reversed, folds: 2, worst: 2 }));
    const shown = [...result.worst.falseAccepts, ...result.worst.falseRejects];
    expect(shown.length).toBeGreaterThan(0);
    expect(result.worst.falseAccepts.length).toBeLessThanOrEqual(2);
    for (const { thumbnails } of shown) {
      expect(thumbnails).toHaveLength(2);
      for (const url of thumbnails) {
        const image = await decodeImage(Buffer.from(url.split(',')[1] ?? '', 'base64'), 'thumbnail');
        expect([image.width, image.height]).toEqual([side, side]);
      }
    }
    expect((await verifySet(options({ set: reversed, folds: 2 }))).worst).toEqual({
      falseAccepts: [],
      falseRejects: [],
    });
  });

  it('stops when asked to', async () => {
    const abort = new AbortController();
    const stopped = verifySet(
      options({
        signal: abort.signal,
        onProgress: () => {
          abort.abort();
        },
      }),
    );
    await expect(stopped).rejects.toThrow(/abort/i);
  });
});

describe('a set that cannot be verified', () => {
  it('holds no pairs, or fewer than folds', async () => {
    const [none] = await failuresOf(() => verifySet(options({ set: { images: [], same: [] } })));
    expect(none).toMatchObject({ code: 'no-pairs' });
    const [few] = await failuresOf(() => verifySet(options({ folds: 11 })));
    expect(few).toMatchObject({
      code: 'too-few-pairs',
      message: 'the verification set tiny holds 10 pairs, fewer than the 11 folds asked for',
    });
  });

  it('has images of another size than the network takes', async () => {
    const images = [...set.images.slice(0, -1), jpeg(1, 20)];
    const [failure] = await failuresOf(() => verifySet(options({ set: { ...set, images } })));
    expect(failure).toMatchObject({
      code: 'image-size-mismatch',
      message: 'the network takes images of 16 x 16 pixels, image 19 of verification set tiny has 20 x 20',
    });
  });

  it('has an image that cannot be decoded', async () => {
    const images = [Buffer.from('no image'), ...set.images.slice(1)];
    const [failure] = await failuresOf(() => verifySet(options({ set: { ...set, images }, file: 'tiny.bin' })));
    expect(failure?.code).toBe('undecodable-image');
    expect(failure?.message).toContain('image 0 of verification set tiny cannot be decoded');
    expect(failure?.at).toMatchObject({ file: 'tiny.bin' });
  });

  it('meets a network that has diverged', async () => {
    const embedder = new HalvesEmbedder();
    embedder.embed = (_, count) => Promise.resolve(new Float32Array(4 * count).fill(NaN));
    const [failure] = await failuresOf(() => verifySet(options({ embedder })));
    expect(failure?.code).toBe('embedding-not-finite');
  });
});

/** A grey image, its left half red as given, and its right half. */
function halves(left: number, right: number): Uint8Array {
  const data = new Uint8Array(side * side * 3).fill(128);
  for (let pixel = 0; pixel < side * side; pixel += 1) data[3 * pixel] = pixel % side < side / 2 ? left : right;
  return encodeJpeg({ width: side, height: side, data }, 100);
}

async function unitSum(index: number): Promise<number[]> {
  const image = await decodeImage(set.images[index] ?? new Uint8Array(), 'expected');
  const [left = 0, leftBlue = 0, right = 0, rightBlue = 0] = await new HalvesEmbedder().embed(image.data, 1);
  // The mirrored image swaps the halves.
  const sum = [left + right, leftBlue + rightBlue, left + right, leftBlue + rightBlue];
  const norm = Math.hypot(...sum);
  return sum.map((value) => value / norm);
}
