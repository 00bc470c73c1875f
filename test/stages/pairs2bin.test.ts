import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/stage-api/stage.ts';
import { alignFace } from '../../src/kit/face/align-face.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { fivePoints, landmarkPoints } from '../../src/kit/codec/lists/landmark-points.ts';
import { matFile, pairsOfMat } from '../../src/kit/codec/matlab/mat-file.ts';
import { decodeFile } from '../../src/kit/codec/read-file.ts';
import { readVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import type { Params } from '../../stages/pairs2bin/contract.ts';
import { run } from '../../stages/pairs2bin/run.ts';
import { failuresOf, jpeg, temporaryFolder, writeFaceFolder } from '../kit/dataset/tiny-faces.ts';

const defaults: Params = {
  folds: [],
  missing: 'fail',
  align: 'stored',
  imageSize: { height: 112, width: 112 },
  encoding: 'png',
  quality: 6,
};

interface Packing {
  readonly images: string;
  readonly protocol: string;
  readonly points?: string;
  readonly params?: Partial<Params>;
}

async function pack({ images, protocol, points, params }: Packing) {
  const output = join(temporaryFolder(), 'pairs.bin');
  const events: StageEvent[] = [];
  await run({
    params: { ...defaults, ...params },
    inputs: { images, protocol, points },
    outputs: { pairs: output },
    scratch: temporaryFolder(),
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return { output, set: readVerificationSet(output), events };
}

function write(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('pairs2bin', () => {
  it('packs the files of an LFW protocol as they are', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 1 });
    const { set } = await pack({ images, protocol: write('pairs.txt', '1\na\t1\t2\na\t2\tb\t1\n') });
    expect(set.images.map(base64)).toEqual([jpeg(1), jpeg(2), jpeg(2), jpeg(3)].map(base64));
    expect(set.same).toEqual([true, false]);
  });

  it('packs the pairs of a MATLAB protocol, whose paths start at the folder', async () => {
    const protocol = 'test/kit/codec/golden/agedb.mat';
    const images = temporaryFolder();
    const pairs = pairsOfMat(decodeFile(matFile, protocol), protocol);
    const paths = pairs.flatMap(({ left, right }) => [left, right]);
    for (const [index, path] of paths.entries()) {
      mkdirSync(dirname(join(images, path)), { recursive: true });
      writeFileSync(join(images, `${path}.jpg`), jpeg(index));
    }
    const { set } = await pack({ images, protocol });
    expect(set.images.map(base64)).toEqual(paths.map((_, index) => base64(jpeg(index))));
    expect(set.same).toEqual([true, false, false, true, false, false]);
    const second = await pack({ images, protocol, params: { folds: [2] } });
    expect(second.set.same).toHaveLength(3);
  });

  it('cuts faces out by the 68 points of .pts files', async () => {
    const images = temporaryFolder();
    const points = temporaryFolder();
    mkdirSync(join(images, 'a'));
    for (const number of [1, 2]) {
      writeFileSync(join(images, 'a', `a_000${String(number)}.jpg`), jpeg(number, 150));
      const rows = Array.from(
        { length: 68 },
        (_, index) => `${String(40 + ((index * 7 + number) % 60))} ${String(50 + ((index * 11) % 50))}`,
      );
      const text = ['version: 1', 'n_points: 68', '{', ...rows, '}', ''].join('\n');
      writeFileSync(join(points, `a_000${String(number)}.pts`), text);
    }
    const protocol = write('pairs.txt', '1\na\t1\t2\n');
    const { set } = await pack({ images, protocol, points, params: { align: 'points' } });
    const face = await decodeImage(set.images[1] ?? new Uint8Array(0), 'face');
    const source = await decodeImage(jpeg(2, 150), 'source');
    const five = fivePoints(decodeFile(landmarkPoints, join(points, 'a_0002.pts'))) ?? [];
    expect(Buffer.from(face.data).equals(Buffer.from(alignFace(source, five, { width: 112, height: 112 }).data))).toBe(
      true,
    );
    const [failure] = await failuresOf(() => pack({ images, protocol, params: { align: 'points' } }));
    expect(failure?.code).toBe('missing-points');
  });

  it('crops the middle where nothing is known', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2 }, 60);
    const protocol = write('pairs.txt', '1\na\t1\t2\n');
    const { set } = await pack({ images, protocol, params: { align: 'crop', imageSize: { height: 20, width: 30 } } });
    const face = await decodeImage(set.images[0] ?? new Uint8Array(0), 'face');
    expect([face.width, face.height]).toEqual([30, 20]);
  });

  it('names missing images, or leaves their pairs out', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 1 });
    const protocol = write('pairs.txt', '1\na\t1\t2\na\t2\tb\t9\n');
    const [failure] = await failuresOf(() => pack({ images, protocol }));
    expect(failure?.message).toBe(`the protocol names image 9 of b, but ${images} does not have it`);
    const { set, events } = await pack({ images, protocol, params: { missing: 'skip' } });
    expect(set.same).toEqual([true]);
    expect(events).toContainEqual(
      expect.objectContaining({ message: 'left out 1 of 2 pairs, of which an image is missing' }),
    );
  });

  const lfw = '../shared/data/lfw';
  it.skipIf(!existsSync(lfw))('packs all 6,000 pairs of LFW in the order of the protocol', async () => {
    const { set, output } = await pack({ images: join(lfw, 'aligned-112'), protocol: join(lfw, 'pairs.txt') });
    expect(set.same).toHaveLength(6000);
    expect(set.same.slice(0, 600)).toEqual(Array.from({ length: 600 }, (_, index) => index < 300));
    expect(readFileSync(output).subarray(0, 2)).toEqual(Buffer.from([0x80, 2]));
  });
});

describe('images of a protocol that cannot be read', () => {
  /** Six people with two images each; three of the images are damaged, cut off, and of another size. */
  function damagedFolder(): string {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 2, c: 2, d: 2, e: 2, f: 2 });
    writeFileSync(join(images, 'b', 'b_0001.jpg'), '<html>404 not found</html>');
    writeFileSync(join(images, 'd', 'd_0002.jpg'), jpeg(1).subarray(0, -40));
    writeFileSync(join(images, 'a', 'a_0001.jpg'), jpeg(2, 24));
    return images;
  }
  const fold = (one: string, other: string, third: string) =>
    `${one}\t1\t2\n${other}\t1\t2\n${one}\t2\t${other}\t2\n${third}\t1\t${other}\t2\n`;
  const protocol = () => write('pairs.txt', `2\t2\n${fold('a', 'b', 'c')}${fold('e', 'd', 'f')}`);

  it('fail the stage unless they are to be left out', async () => {
    const [failure] = await failuresOf(() => pack({ images: damagedFolder(), protocol: protocol() }));
    expect(failure?.code).toBe('unequal-sizes');
  });

  it('are named and counted, their pairs are left out, and that the folds are others is said', async () => {
    const images = damagedFolder();
    const { set, events } = await pack({ images, protocol: protocol(), params: { unreadable: 'drop' } });
    expect(set.same).toEqual([false, false, true]);
    const warnings = events.flatMap((event) =>
      event.type === 'log' && event.level === 'warning' ? [event.message] : [],
    );
    expect(warnings.map((text) => text.replaceAll(images, '<images>'))).toEqual([
      'left out <images>/b/b_0001.jpg: the image cannot be decoded: it is not an image in a known format',
      expect.stringMatching(/^left out <images>\/d\/d_0002.jpg: .*cut off/),
      'left out <images>/a/a_0001.jpg: it is 24 x 24, most are 16 x 16',
      'left out 5 of 8 pairs, of which an image cannot be read',
      'the folds are not those of the protocol any more: 2 equal ones out of the 3 pairs that are left put 0 of them in another fold',
    ]);
    const figures = events.flatMap((event) => (event.type === 'metric' ? [[event.name, event.value]] : []));
    expect(Object.fromEntries(figures)).toEqual({
      ...{ 'unreadable images': 3, 'pairs left out': 5 },
      ...{ pairs: 3, 'same pairs': 1 },
    });
  });

  it('are those without points, where images are aligned by points; a set of none is a failure', async () => {
    const [failure] = await failuresOf(() =>
      pack({ images: damagedFolder(), protocol: protocol(), params: { unreadable: 'drop', align: 'points' } }),
    );
    expect(failure?.code).toBe('nothing-to-pack');
    expect(failure?.message).toContain('of the first: expected a_0001.pts');
  });
});
