import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../../src/stage-api/stage.ts';
import { foldAccuracy } from '../../../src/kit/face/fold-accuracy.ts';
import { decodeImage } from '../../../src/kit/image/image.ts';
import { packingList } from '../../../src/kit/codec/insightface/packing-list.ts';
import type { FacePair, FaceImage } from '../../../src/kit/codec/lists/face-pair.ts';
import { pairProtocol } from '../../../src/kit/codec/lists/pair-protocol.ts';
import { decodeFile } from '../../../src/kit/codec/read-file.ts';
import type { Outputs, Params } from '../../../stages/synthesize/contract.ts';
import { run } from '../../../stages/synthesize/run.ts';
import { failuresOf, temporaryFolder } from '../../kit/dataset/tiny-faces.ts';

const params: Params = { identities: 5, imagesPerIdentity: 4, heldOut: 2, pairs: 12, difficulty: 1 };

interface Drawn extends Outputs {
  readonly events: readonly StageEvent[];
}

async function synthesize(changes: Partial<Params> = {}, seed = 1): Promise<Drawn> {
  const folder = temporaryFolder();
  const outputs = {
    images: join(folder, 'images'),
    list: join(folder, 'train.lst'),
    protocol: join(folder, 'pairs.txt'),
  };
  const events: StageEvent[] = [];
  await run({
    params: { ...params, ...changes },
    inputs: {},
    outputs,
    scratch: folder,
    seed,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return { ...outputs, events };
}

function bytesOf({ images }: Outputs, { name, number }: FaceImage): Buffer {
  return readFileSync(join(images, name, `${name}_${String(number).padStart(4, '0')}.jpg`));
}

async function pixelsOf(outputs: Outputs, image: FaceImage): Promise<Uint8Array> {
  return (await decodeImage(bytesOf(outputs, image), image.name)).data;
}

/** Mean of the absolute differences of two images, in grey levels. */
async function difference(outputs: Outputs, left: FaceImage, right: FaceImage): Promise<number> {
  const [a, b] = await Promise.all([pixelsOf(outputs, left), pixelsOf(outputs, right)]);
  return a.reduce((sum, value, at) => sum + Math.abs(value - (b[at] ?? 0)), 0) / a.length;
}

/** Distance of each pair by its pixels alone: each image brought to length 1. */
async function pixelDistances(outputs: Outputs, pairs: readonly FacePair[]): Promise<number[]> {
  const images = new Map<string, FaceImage>();
  for (const { left, right } of pairs) {
    for (const image of [left, right]) images.set(`${image.name} ${image.number}`, image);
  }
  const units = new Map<string, Float32Array>();
  for (const [key, image] of images) {
    const pixels = Float32Array.from(await pixelsOf(outputs, image));
    const norm = Math.sqrt(pixels.reduce((sum, value) => sum + value * value, 0));
    units.set(
      key,
      pixels.map((value) => value / norm),
    );
  }
  return pairs.map(({ left, right }) => {
    const a = units.get(`${left.name} ${left.number}`);
    const b = units.get(`${right.name} ${right.number}`);
    return a?.reduce((sum, value, at) => sum + (value - (b?.[at] ?? 0)) ** 2, 0) ?? NaN;
  });
}

describe('the synthesize stage', () => {
  it('draws a folder of 112x112 images for everybody and lists those who are not held out', async () => {
    const drawn = await synthesize();
    const people = readdirSync(drawn.images).sort();
    expect(people).toEqual(['person_0001', 'person_0002', 'person_0003', 'person_0004', 'person_0005']);
    for (const name of people) {
      expect(readdirSync(join(drawn.images, name))).toHaveLength(4);
      const { width, height } = await decodeImage(bytesOf(drawn, { name, number: 4 }), name);
      expect([width, height]).toEqual([112, 112]);
    }
    const list = decodeFile(packingList, drawn.list);
    expect(list.form).toBe('face2rec2');
    expect(readFileSync(drawn.list, 'utf8').split('\n').slice(3, 5)).toEqual([
      '1\tperson_0001/person_0001_0004.jpg\t0',
      '1\tperson_0002/person_0002_0001.jpg\t1',
    ]);
    expect(list.entries).toHaveLength(12);
    const compared = decodeFile(pairProtocol, drawn.protocol).pairs.flatMap(({ left, right }) => [
      left.name,
      right.name,
    ]);
    expect(new Set(compared)).toEqual(new Set(['person_0004', 'person_0005']));
    expect(drawn.events.at(-1)).toMatchObject({
      message: 'drew 5 people, 4 images each: 3 to train on, 2 in 12 pairs',
    });
  });

  it('draws the same for the same seed, whichever other people are drawn, and others for another', async () => {
    const [first, again, more, other] = await Promise.all([
      synthesize(),
      synthesize(),
      synthesize({ identities: 6, imagesPerIdentity: 5 }),
      synthesize({}, 2),
    ]);
    for (const image of [
      { name: 'person_0002', number: 3 },
      { name: 'person_0005', number: 1 },
    ]) {
      expect(bytesOf(again, image).equals(bytesOf(first, image))).toBe(true);
      expect(bytesOf(more, image).equals(bytesOf(first, image))).toBe(true);
      expect(bytesOf(other, image).equals(bytesOf(first, image))).toBe(false);
    }
    expect(readFileSync(again.protocol, 'utf8')).toBe(readFileSync(first.protocol, 'utf8'));
  });

  it('draws all images of a person alike at difficulty 0, and people apart', async () => {
    const drawn = await synthesize({ difficulty: 0 });
    const name = 'person_0001';
    expect(await difference(drawn, { name, number: 1 }, { name, number: 2 })).toBeLessThan(1);
    expect(await difference(drawn, { name, number: 1 }, { name: 'person_0002', number: 1 })).toBeGreaterThan(5);
  });

  it('keeps comparing pixels from telling people apart', async () => {
    const drawn = await synthesize({ identities: 12, imagesPerIdentity: 6, heldOut: 12, pairs: 300 });
    const { pairs } = decodeFile(pairProtocol, drawn.protocol);
    const distances = await pixelDistances(drawn, pairs);
    const { accuracy } = foldAccuracy({ distances, same: pairs.map(({ same }) => same) }, 10);
    expect(accuracy).toBeGreaterThan(0.5);
    expect(accuracy).toBeLessThan(0.72);
  });

  it('refuses to hold out more people than it draws', async () => {
    const [failure] = await failuresOf(() => synthesize({ identities: 3, heldOut: 4 }));
    expect(failure).toMatchObject({ code: 'too-few-identities' });
  });
});
