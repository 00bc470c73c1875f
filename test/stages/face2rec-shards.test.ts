import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tarArchive } from '../../src/kit/codec/archive/tar-archive.ts';
import { findShards, readShard } from '../../src/kit/dataset/tar-shard.ts';
import { failuresOf, jpeg, temporaryFolder } from '../kit/dataset/tiny-faces.ts';
import { base64, content, logs, pack } from './pack-faces.ts';

/** Writes shards: per shard its files, in order. */
function shards(...files: readonly Readonly<Record<string, Uint8Array | string>>[]): string {
  const folder = join(temporaryFolder(), 'shards');
  mkdirSync(folder);
  for (const [number, entries] of files.entries()) {
    const members = Object.entries(entries).map(([name, bytes]) => ({
      name,
      type: 'file' as const,
      content: typeof bytes === 'string' ? Buffer.from(bytes) : bytes,
    }));
    writeFileSync(join(folder, `faces-00000${String(number)}.tar`), tarArchive.encode(members));
  }
  return folder;
}

describe('face2rec on WebDataset shards', () => {
  it('takes labels from the .cls files and keeps the order of the shards', async () => {
    const images = shards(
      { '000.jpg': jpeg(1), '000.cls': '0', '000.json': '{}', '001.jpg': jpeg(2), '001.cls': '0\n' },
      { './a/002.cls': '1', './a/002.jpg': jpeg(3) },
    );
    const { dataset } = await pack({ images });
    expect(content(dataset)).toEqual([
      [[0, 1], base64(jpeg(1))],
      [[0, 1], base64(jpeg(2))],
      [[1, 1], base64(jpeg(3))],
    ]);
    const [first] = findShards(images) ?? [];
    expect((await pack({ images: first ?? '' })).events).toContainEqual({ type: 'metric', name: 'images', value: 2 });
  });

  it('takes the folders for identities where there are no .cls files', async () => {
    const images = shards({ 'zoe/1.jpg': jpeg(1), 'zoe/2.jpg': jpeg(2) }, { 'adam/1.jpg': jpeg(3) });
    expect(content((await pack({ images, params: { order: 'identities' } })).dataset).map(([label]) => label)).toEqual(
      expect.arrayContaining([
        [1, 1],
        [1, 1],
        [0, 1],
      ]),
    );
  });

  it('refuses mixed identities in list order, and groups them in another', async () => {
    const images = shards(
      { 'a.jpg': jpeg(1), 'a.cls': '0', 'b.jpg': jpeg(2), 'b.cls': '1' },
      { 'c.jpg': jpeg(3), 'c.cls': '0' },
    );
    expect(await failuresOf(() => pack({ images }))).toMatchObject([{ code: 'list-not-grouped' }]);
    const { dataset } = await pack({ images, params: { order: 'identities' } });
    expect(new Set(content(dataset).map(([label]) => JSON.stringify(label)))).toEqual(new Set(['[0,1]', '[1,1]']));
  });

  it('names the sample that is damaged, lacks its image or its label', async () => {
    const cut = shards({ 'a.jpg': jpeg(1).subarray(0, 200), 'a.cls': '0', 'b.jpg': jpeg(2), 'b.cls': '0' });
    const { events } = await pack({ images: cut, params: { strict: false } });
    expect(logs(events)).toContainEqual(
      expect.stringMatching(/^left out .*faces-000000.tar: a.jpg: a.jpg cannot be decoded/),
    );
    expect(await failuresOf(() => pack({ images: shards({ 'a.cls': '0' }) }))).toMatchObject([
      { code: 'sample-without-image', message: 'expected an image in every sample, found only a.cls' },
    ]);
    expect(await failuresOf(() => pack({ images: shards({ 'a.jpg': jpeg(1) }) }))).toMatchObject([
      { code: 'unlabelled-sample' },
    ]);
    expect(await failuresOf(() => pack({ images: shards({ 'a.jpg': jpeg(1), 'a.cls': 'x' }) }))).toMatchObject([
      { code: 'damaged-file', message: 'a.cls should hold the number of a class, found "x"' },
    ]);
  });

  it('stands a cut of a shard at every block', async () => {
    const [path = ''] = findShards(shards({ 'a.jpg': jpeg(1), 'a.cls': '0', 'b.jpg': jpeg(2), 'b.cls': '0' })) ?? [];
    const bytes = readFileSync(path);
    for (let length = 100; length < bytes.length - 1024; length += 100) {
      writeFileSync(path, bytes.subarray(0, length));
      const read = async (): Promise<unknown> => Promise.resolve([...readShard(path)].length);
      const failures = await failuresOf(read).catch(() => []);
      for (const { at } of failures) expect(at).toMatchObject({ file: path });
    }
  });
});
