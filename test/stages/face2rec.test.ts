import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import type { StageEvent } from '../../src/base/stage.ts';
import { PackedDataset } from '../../src/format/packed-dataset.ts';
import { readVerificationSet } from '../../src/format/verification-set.ts';
import type { Params } from '../../stages/face2rec/contract.ts';
import { run } from '../../stages/face2rec/run.ts';
import { failuresOf, jpeg, paint, temporaryFolder, writeFaceFolder } from '../format/tiny-faces.ts';

interface Packing {
  readonly images: string;
  readonly list?: string;
  readonly protocol?: string;
  readonly params?: Partial<Params>;
  /** Where the outputs go; a new folder if not given. */
  readonly folder?: string;
}

interface Packed {
  readonly dataset: string;
  readonly pairs: string;
  readonly events: readonly StageEvent[];
}

async function pack({ images, list, protocol, params, folder = temporaryFolder() }: Packing): Promise<Packed> {
  const outputs = { dataset: join(folder, 'dataset'), pairs: join(folder, 'pairs.bin') };
  const events: StageEvent[] = [];
  await run({
    params: { folds: [], minImagesPerIdentity: 1, strict: true, ...params },
    inputs: { images, list, protocol },
    outputs,
    scratch: folder,
    seed: 1,
    signal: new AbortController().signal,
    engine: { name: 'cpu', version: '0' },
    cpus: 1,
    emit: (event) => events.push(event),
  });
  return { ...outputs, events };
}

function logs(events: readonly StageEvent[]): string[] {
  return events.flatMap((event) => (event.type === 'log' ? [event.message] : []));
}

/** The label and the bytes of every packed picture. */
function content(folder: string): (readonly [unknown, string])[] {
  const set = new PackedDataset(folder);
  const records = Array.from({ length: set.imageCount }, (_, position) => {
    const { label, payload } = set.readImage(position);
    return [label, Buffer.from(payload).toString('base64')] as const;
  });
  set.close();
  return records;
}

function write(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

describe('face2rec', () => {
  it('packs a folder verbatim, identities in the order of their names', async () => {
    const images = writeFaceFolder(temporaryFolder(), { zoe: 2, adam: 1 });
    const { dataset, pairs, events } = await pack({ images });
    expect(content(dataset)).toEqual([
      [[0, 1], base64(jpeg(3))],
      [[1, 1], base64(jpeg(1))],
      [[1, 1], base64(jpeg(2))],
    ]);
    expect(JSON.parse(readFileSync(join(dataset, 'dataset.json'), 'utf8'))).toEqual({
      version: 1,
      identities: 2,
      images: 3,
      height: 16,
      width: 16,
    });
    expect(readVerificationSet(pairs)).toEqual({ images: [], same: [] });
    expect(events.filter((event) => event.type === 'metric').map(({ name, value }) => [name, value])).toEqual([
      ['identities', 2],
      ['images', 3],
      ['pairs', 0],
      ['unreadable', 0],
    ]);
    expect(events).toContainEqual(expect.objectContaining({ type: 'progress', done: 3, total: 3, unit: 'images' }));
  });

  it('gives the same bytes again', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 3 });
    const [one, other] = [await pack({ images }), await pack({ images })];
    for (const name of ['train.rec', 'train.idx', 'property', 'dataset.json']) {
      expect(readFileSync(join(one.dataset, name)).equals(readFileSync(join(other.dataset, name)))).toBe(true);
    }
  });

  it('packs what a list says, in its order and with its labels', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 1 });
    const list = write('train.lst', `1\tb/b_0001.jpg\t0\n1\t${images}/a/a_0002.jpg\t1\n`);
    const { dataset } = await pack({ images, list });
    expect(content(dataset)).toEqual([
      [[0, 1], base64(jpeg(3))],
      [[1, 1], base64(jpeg(2))],
    ]);
  });

  it('keeps the people of the packed pairs out of the training set, and says so', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 2, c: 1, d: 2, e: 1 });
    const protocol = write('pairs.txt', '2\t1\na\t1\t2\na\t1\tc\t1\nd\t1\t2\nd\t1\te\t1\n');
    const { dataset, pairs, events } = await pack({ images, protocol, params: { folds: [1] } });
    const set = readVerificationSet(pairs);
    expect(set.same).toEqual([true, false]);
    expect(set.images.map(base64)).toEqual([jpeg(1), jpeg(2), jpeg(1), jpeg(5)].map(base64));
    expect(content(dataset).map(([label]) => label)).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
      [1, 1],
      [2, 1],
    ]);
    expect(logs(events)).toContain(
      'no person is in both: 2 people in the pairs (2 of them taken out of the training set), 3 in the training set',
    );
  });

  it('keeps them out even where a list names them', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 2, c: 2 });
    const protocol = write('pairs.txt', '1\na\t1\t2\na\t1\tb\t1\n');
    const list = write('train.lst', '1\ta/a_0001.jpg\t0\n1\tc/c_0001.jpg\t1\n1\tc/c_0002.jpg\t1\n');
    const { dataset } = await pack({ images, list, protocol });
    expect(content(dataset)).toEqual([
      [[0, 1], base64(jpeg(5))],
      [[0, 1], base64(jpeg(6))],
    ]);
  });

  it('leaves out identities with too few pictures and numbers the others anew', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1, b: 2, c: 1, d: 3 });
    const { dataset } = await pack({ images, params: { minImagesPerIdentity: 2 } });
    expect(content(dataset).map(([label]) => label)).toEqual([
      [0, 1],
      [0, 1],
      [1, 1],
      [1, 1],
      [1, 1],
    ]);
    expect(readFileSync(join(dataset, 'property'), 'latin1')).toBe('2,16,16\n');
  });

  it('fails on a picture that cannot be decoded and leaves no set behind', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3 });
    const damaged = join(images, 'a', 'a_0002.jpg');
    writeFileSync(damaged, jpeg(2).subarray(0, 300));
    const folder = temporaryFolder();
    const [failure] = await failuresOf(() => pack({ images, folder }));
    expect(failure?.code).toBe('undecodable-image');
    expect(failure?.message).toContain('the picture cannot be decoded: ');
    expect(failure?.at).toMatchObject({ file: damaged });
    expect(readdirSync(join(folder, 'dataset'))).toEqual([]);
  });

  it('names, counts and leaves out such pictures where it is not strict', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3 });
    writeFileSync(join(images, 'a', 'a_0002.jpg'), 'no picture');
    const { dataset, events } = await pack({ images, params: { strict: false } });
    expect(content(dataset)).toHaveLength(2);
    expect(logs(events).some((message) => /^left out .*a_0002.jpg: the picture cannot be decoded/.test(message))).toBe(
      true,
    );
    expect(events).toContainEqual({ type: 'metric', name: 'unreadable', value: 1 });
  });

  it('names every missing picture of the pairs with the line of the protocol', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1, b: 1, c: 1 });
    const protocol = write('pairs.txt', '1\na\t1\t2\na\t1\tb\t7\n');
    const failures = await failuresOf(() => pack({ images, protocol }));
    expect(failures.map(({ message }) => message)).toEqual([
      `the protocol names picture 2 of a, but ${images} has no a/a_0002.jpg (nor with another extension)`,
      `the protocol names picture 7 of b, but ${images} has no b/b_0007.jpg (nor with another extension)`,
    ]);
  });

  it('refuses pictures of different sizes', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1 });
    mkdirSync(join(images, 'b'));
    const { data, width, height } = paint(1, 20, 10);
    writeFileSync(
      join(images, 'b', '1.png'),
      await sharp(data, { raw: { width, height, channels: 3 } })
        .png()
        .toBuffer(),
    );
    const [failure] = await failuresOf(() => pack({ images }));
    expect(failure?.message).toContain('the picture has 20 x 10 pixels, but');
  });

  it('refuses a list in which an identity comes back', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 1 });
    const list = write('train.lst', '1\ta/a_0001.jpg\t0\n1\tb/b_0001.jpg\t1\n1\ta/a_0002.jpg\t0\n');
    const [failure] = await failuresOf(() => pack({ images, list }));
    expect(failure?.code).toBe('list-not-grouped');
    expect(failure?.at).toMatchObject({ file: list, line: 3 });
  });

  it('refuses an empty or missing folder', async () => {
    const images = temporaryFolder();
    const [empty] = await failuresOf(() => pack({ images }));
    expect(empty?.code).toBe('nothing-to-pack');
    rmSync(images, { recursive: true });
    const [missing] = await failuresOf(() => pack({ images }));
    expect(missing?.code).toBe('missing-file');
  });

  const lfw = '../shared/data/lfw';
  it.skipIf(!existsSync(lfw))('packs real faces: fold 1 of LFW to verify on, everybody else to train on', async () => {
    const { dataset, pairs, events } = await pack({
      images: join(lfw, 'aligned-112'),
      protocol: join(lfw, 'pairs.txt'),
      params: { folds: [1] },
    });
    const set = new PackedDataset(dataset);
    expect([set.imageCount, set.identities]).toEqual([6894, 3846]);
    set.close();
    expect(readVerificationSet(pairs).same).toHaveLength(600);
    expect(logs(events)).toContain(
      'no person is in both: 435 people in the pairs (435 of them taken out of the training set), 3846 in the training set',
    );
  });
});
