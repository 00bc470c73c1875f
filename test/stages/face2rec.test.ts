import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { alignFace } from '../../src/kit/face/align-face.ts';
import { cropFace } from '../../src/kit/face/crop-face.ts';
import { decodeImage } from '../../src/kit/image/image.ts';
import { PackedDataset } from '../../src/kit/dataset/packed-dataset.ts';
import { readVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import {
  failuresOf,
  jpeg,
  paint,
  printedFailure,
  temporaryFolder,
  writeFaceFolder,
} from '../kit/dataset/tiny-faces.ts';
import { base64, content, logs, pack } from './pack-faces.ts';

function write(name: string, text: string): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
}

describe('face2rec', () => {
  it('gives no label to a folder without images, and follows links to files and folders', async () => {
    const images = writeFaceFolder(temporaryFolder(), { bert: 1, carl: 1 });
    const other = writeFaceFolder(temporaryFolder(), { dora: 2 });
    mkdirSync(join(images, 'anna'));
    writeFileSync(join(other, 'notes'), 'text');
    symlinkSync(join(other, 'notes'), join(images, 'README'));
    symlinkSync(join(other, 'dora'), join(images, 'dora'));
    const { dataset, events } = await pack({ images });
    expect(content(dataset).map(([label]) => label)).toEqual([
      [0, 1],
      [1, 1],
      [2, 1],
      [2, 1],
    ]);
    expect(readFileSync(join(dataset, 'property'), 'latin1')).toBe('3,16,16\n');
    expect(logs(events)).toContain('1 folder holds no image and gets no label: anna');
    expect(logs(events)).toContain('1 file is no image of an identity and is ignored: README');
  });

  it('finds images of a protocol with extensions in capital letters', async () => {
    const images = writeFaceFolder(temporaryFolder(), { anna: 2, bert: 1, carl: 1 });
    renameSync(join(images, 'anna/anna_0001.jpg'), join(images, 'anna/anna_0001.JPG'));
    const protocol = write('pairs.txt', '1\nanna\t1\t2\nanna\t1\tbert\t1\n');
    expect(readVerificationSet((await pack({ images, protocol })).pairs).same).toEqual([true, false]);
  });

  it('tells before it packs what cannot be packed: images that a list names in vain, labels that are rounded', async () => {
    const images = writeFaceFolder(temporaryFolder(), { anna: 1 });
    const printed: string[] = [];
    for (const line of ['anna/2.jpg\t1\n1\tbert/1.jpg\t1', 'anna/anna_0001.jpg\t16777217']) {
      const list = write('l.lst', `1\tanna/anna_0001.jpg\t0\n1\t${line}\n`);
      const text = await printedFailure(() => pack({ images, list }));
      printed.push(text.replaceAll(images, '<images>').replaceAll(list, '<list>'));
    }
    const points = Array.from({ length: 10 }, () => '50').join('\t');
    const list = write('l.lst', `0\tanna/anna_0001.jpg\t0\t1\t1\t9\t9\t${points}\n`);
    printed.push((await printedFailure(() => pack({ images, list }))).replaceAll(images, '<images>'));
    writeFileSync(join(images, 'anna/anna_0001.jpg'), 'no image');
    printed.push(
      (await printedFailure(() => pack({ images, params: { strict: false } }))).replaceAll(images, '<images>'),
    );
    expect(printed.join('\n')).toMatchInlineSnapshot(`
      "<list>:2:1 missing-image: the list names an image that does not exist: <images>/anna/2.jpg

      <list>:3:1 missing-image: the list names an image that does not exist: <images>/bert/1.jpg
        Relative paths of a list begin in the folder that is bound as images. With strict: false images that cannot be read are left out.
      <list>:2:1 label-too-large: expected a label of 16777216 (2^24) at most, found 16777217: labels of records are 32-bit floats, which would round it to the label of another identity
        Number the identities of the list from 0 without gaps.
      <images>/anna/anna_0001.jpg: equal-points: the points of the face are all at one place, or are not numbers: nothing can be aligned by them
        A detector that found nothing writes such points, often zeros: leave the image out of the list.
      <images>: nothing-to-pack: nothing was packed: 1 image could not be used
        The log names them; with strict: true the first of them is a failure."
    `);
  });

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

  it('cuts the photographs of a folder to one size, upright', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1 }, 90);
    const lying = await sharp(jpeg(5, 80, 60))
      .withMetadata({ orientation: 6 })
      .jpeg()
      .toBuffer();
    writeFileSync(join(images, 'a', 'a_0002.jpg'), lying);
    const { dataset } = await pack({
      images,
      params: { pictures: 'photographs', withoutPoints: 'crop', encoding: 'png' },
    });
    const upright = { width: 60, height: 80, data: await sharp(lying).autoOrient().raw().toBuffer() };
    const expected = cropFace(upright, undefined, { width: 112, height: 112 });
    const [first, second] = content(dataset);
    expect([first?.[0], second?.[0]]).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const cut = await decodeImage(Buffer.from(second?.[1] ?? '', 'base64'), 'second');
    expect(Buffer.from(cut.data).equals(Buffer.from(expected.data))).toBe(true);
    expect(await failuresOf(() => pack({ images, params: { pictures: 'photographs' } }))).toMatchObject([
      { code: 'unaligned-image' },
    ]);
  });

  it('warns of photographs that are packed as if they were aligned', async () => {
    const large = writeFaceFolder(temporaryFolder(), { a: 1 }, 250);
    const { events } = await pack({ images: large });
    expect(logs(events).filter((line) => line.startsWith('the images are'))).toEqual([
      expect.stringMatching(
        /^the images are 250 x 250, and were packed as aligned faces; networks are made for 112 x 112/,
      ),
    ]);
    const usual = await pack({ images: writeFaceFolder(temporaryFolder(), { a: 1 }, 112) });
    expect(logs(usual.events).filter((line) => line.startsWith('the images are'))).toEqual([]);
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

  it('leaves out identities with too few images and numbers the others anew', async () => {
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

  it('fails on an image that cannot be decoded and leaves no set behind', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3 });
    const damaged = join(images, 'a', 'a_0002.jpg');
    writeFileSync(damaged, jpeg(2).subarray(0, 300));
    const folder = temporaryFolder();
    const [failure] = await failuresOf(() => pack({ images, folder }));
    expect(failure?.code).toBe('undecodable-image');
    expect(failure?.message).toContain('the image cannot be decoded: ');
    expect(failure?.at).toMatchObject({ file: damaged });
    expect(readdirSync(join(folder, 'dataset'))).toEqual([]);
  });

  it('names, counts and leaves out such images where it is not strict', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3 });
    writeFileSync(join(images, 'a', 'a_0002.jpg'), 'no image');
    const { dataset, events } = await pack({ images, params: { strict: false } });
    expect(content(dataset)).toHaveLength(2);
    expect(logs(events).some((message) => /^left out .*a_0002.jpg: the image cannot be decoded/.test(message))).toBe(
      true,
    );
    expect(events).toContainEqual({ type: 'metric', name: 'unreadable', value: 1 });
  });

  it('names every missing image of the pairs with the line of the protocol', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1, b: 1, c: 1 });
    const protocol = write('pairs.txt', '1\na\t1\t2\na\t1\tb\t7\n');
    const failures = await failuresOf(() => pack({ images, protocol }));
    expect(failures.map(({ message }) => message)).toEqual([
      `the protocol names image 2 of a, but ${images} has no a/a_0002.jpg (nor with another extension)`,
      `the protocol names image 7 of b, but ${images} has no b/b_0007.jpg (nor with another extension)`,
    ]);
  });

  it('refuses images of different sizes', async () => {
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
    expect(failure?.message).toContain('the image has 20 x 10 pixels, but');
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

  it('shuffles identities or images by the seed, and leaves identity records out where images are mixed', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3, b: 3, c: 3, d: 3 });
    const plain = content((await pack({ images })).dataset);
    const byIdentity = content((await pack({ images, params: { order: 'identities' } })).dataset);
    expect(byIdentity).not.toEqual(plain);
    expect(byIdentity.map(String).toSorted()).toEqual(plain.map(String).toSorted());
    const runs = byIdentity.filter(([label], index) => String(label) !== String(byIdentity[index - 1]?.[0])).length;
    expect(runs).toBe(4);
    const { dataset } = await pack({ images, params: { order: 'pictures' } });
    const mixed = content(dataset);
    expect(mixed.map(String).toSorted()).toEqual(plain.map(String).toSorted());
    expect(mixed).toEqual(content((await pack({ images, params: { order: 'pictures' } })).dataset));
    const set = new PackedDataset(dataset);
    expect([set.identityRanges(), set.identities]).toEqual([undefined, 4]);
    set.close();
  });

  it('stores the class alone and numbers labels anew where that is asked for', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1, b: 1 });
    const list = write('train.lst', '7\t5\ta/a_0001.jpg\n8\t9\tb/b_0001.jpg\n');
    const { dataset } = await pack({ images, list, params: { labels: 'class', renumber: true } });
    expect(content(dataset).map(([label]) => label)).toEqual([0, 1]);
    const kept = await pack({ images, list });
    expect(content(kept.dataset).map(([label]) => label)).toEqual([
      [5, 1],
      [9, 1],
    ]);
  });

  it('refuses a line of several labels, and warns of classes without an image', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1, b: 1 });
    const several = write('several.lst', '7\t5\ta/a_0001.jpg\n8\t9\t34\t1\tb/b_0001.jpg\n');
    const [failure] = await failuresOf(() => pack({ images, list: several }));
    expect(failure).toMatchObject({
      code: 'damaged-list',
      message: 'expected one label, the class, found 3: 9, 34, 1',
      at: { file: several, line: 2 },
    });
    const { events } = await pack({ images, list: write('gap.lst', '1\ta/a_0001.jpg\t0\n1\tb/b_0001.jpg\t7\n') });
    expect(events).toContainEqual({
      type: 'log',
      level: 'warning',
      message:
        '6 of 8 classes have no image: numbers are missing among the labels of the list; renumber: true numbers them again',
    });
  });

  it('names identities that lose too many of their images on the way', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 3, b: 2, c: 2 });
    writeFileSync(join(images, 'a', 'a_0002.jpg'), 'no image');
    writeFileSync(join(images, 'b', 'b_0002.jpg'), jpeg(1));
    const params = { strict: false, duplicates: 'drop', minImagesPerIdentity: 2 } as const;
    const { dataset, events } = await pack({ images, params });
    expect(content(dataset).map(([label]) => label)).toEqual([0, 0, 1, 2, 2].map((label) => [label, 1]));
    expect(logs(events)).toContain(
      'identities that have fewer than 2 images now that some were left out: 1; they keep their labels: b (1)',
    );
  });

  it('finds images of equal content, and leaves them out where that is asked for', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 2, b: 2 });
    writeFileSync(join(images, 'b', 'b_0002.jpg'), jpeg(1));
    const reported = await pack({ images, params: { duplicates: 'report' } });
    expect(content(reported.dataset)).toHaveLength(4);
    expect(logs(reported.events).some((line) => line.includes('b_0002.jpg has the same content as'))).toBe(true);
    const dropped = await pack({ images, params: { duplicates: 'drop' } });
    expect(content(dropped.dataset)).toHaveLength(3);
    expect(dropped.events).toContainEqual({ type: 'metric', name: 'duplicates', value: 1 });
  });

  it('aligns images by the points of a list, with the same result in one thread and in two', async () => {
    const images = temporaryFolder();
    mkdirSync(join(images, 'a'));
    writeFileSync(join(images, 'a', '1.jpg'), jpeg(1, 200));
    writeFileSync(join(images, 'a', '2.jpg'), jpeg(2, 112));
    const points = '90\t150\t124\t99\t148\t110\t104\t140\t172\t167';
    const list = write('train.lst', `0\ta/1.jpg\t0\t60\t70\t170\t190\t${points}\n1\ta/2.jpg\t0\n`);
    const one = await pack({ images, list, params: { encoding: 'png', quality: 6 } });
    const two = await pack({ images, list, params: { encoding: 'png', quality: 6 }, cpus: 2 });
    expect(content(two.dataset)).toEqual(content(one.dataset));
    const [aligned, verbatim] = content(one.dataset);
    expect([aligned?.[0], verbatim]).toEqual([
      [0, 0],
      [[0, 1], base64(jpeg(2, 112))],
    ]);
    const face = await decodeImage(Buffer.from(aligned?.[1] ?? '', 'base64'), 'face');
    const source = await decodeImage(jpeg(1, 200), 'source');
    const five = [90, 150, 124, 99, 148].map((x, index) => [x, [110, 104, 140, 172, 167][index] ?? 0] as const);
    expect(Buffer.from(face.data).equals(Buffer.from(alignFace(source, five, { width: 112, height: 112 }).data))).toBe(
      true,
    );
  });

  it('says that an image has no points to align it by, or crops it where that is asked for', async () => {
    const images = temporaryFolder();
    mkdirSync(join(images, 'a'));
    writeFileSync(join(images, 'a', '1.jpg'), jpeg(1, 200));
    const list = write('train.lst', '0\ta/1.jpg\t0\n');
    const [failure] = await failuresOf(() => pack({ images, list }));
    expect(failure?.code).toBe('unaligned-image');
    const { dataset } = await pack({
      images,
      list,
      params: { withoutPoints: 'crop', imageSize: { height: 112, width: 96 } },
    });
    expect(readFileSync(join(dataset, 'property'), 'latin1')).toBe('1,112,96\n');
  });

  it('names and leaves out images that cannot be aligned where it is not strict', async () => {
    const images = writeFaceFolder(temporaryFolder(), { a: 1 }, 112);
    const list = write('train.lst', '1\ta/missing.jpg\t0\n1\ta/a_0001.jpg\t0\n0\ta/a_0001.jpg\t0\n');
    const { dataset, events } = await pack({ images, list, params: { strict: false }, cpus: 2 });
    expect(content(dataset)).toHaveLength(1);
    expect(events).toContainEqual({ type: 'metric', name: 'unreadable', value: 2 });
    expect(logs(events)).toContain(`left out ${join(images, 'a', 'missing.jpg')}: expected an image, found no file`);
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
