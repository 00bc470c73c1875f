import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FolderListing, listImageFolder } from '../../../src/kit/dataset/image-folder.ts';
import { imageTree } from '../../../src/kit/dataset/image-tree.ts';
import { findShards } from '../../../src/kit/dataset/tar-shard.ts';
import { namedImages } from '../../../src/kit/face/features/named-images.ts';
import { arrangementOf } from '../../../stages/align/choose-photographs.ts';
import { settingsOf } from '../../../stages/align/settings.ts';
import { readProtocol } from '../../../stages/pairs2bin/read-protocol.ts';
import { jpeg, printedFailure, temporaryFolder } from './tiny-faces.ts';

const golden = (name: string): Buffer => readFileSync(join('test/stages/fetch/golden', name));

const settings = settingsOf({ preset: 'plain', engine: 'auto', strict: false, samples: 24 });

/** Everything that opens what `images` is bound to. */
const openings: Readonly<Record<string, (path: string) => unknown>> = {
  'face2rec, make-pairs': (path) => [listImageFolder(path), new FolderListing(path)],
  'align of other layouts': (path) => [...imageTree(path)],
  pairs2bin: (path) => readProtocol(join(path, '..', 'pairs.txt'), path),
};
const openingsOfShards: typeof openings = {
  face2rec: findShards,
  features: (path) => namedImages({ images: path }),
  align: (path) => arrangementOf({ images: path, list: undefined }, settings),
};

function bound(name: string, bytes: Uint8Array): string {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, bytes);
  return path;
}

describe('an archive that is bound as a folder of images', () => {
  const cases = Object.entries({ ...openings, ...openingsOfShards });

  it.each(cases)('is refused by %s with the way to unpack it', async (_, open) => {
    for (const [name, title] of [
      ['photos.tgz', 'gzip'],
      ['photos', 'gzip'],
    ] as const) {
      const path = bound(name, golden('gnu.tar.gz'));
      expect(await printedFailure(() => Promise.resolve().then(() => open(path)))).toBe(
        `${path}: not-a-folder: expected a folder of images, found an archive (${title})\n` +
          '  Unpack it in a stage of its own, unpacked: { uses: fetch, with: { archives: FILE } }, and bind "${stages.unpacked.outputs.content}".',
      );
    }
  });

  it.each(Object.entries(openings))(
    'is refused by %s if it is a tape archive too, and so is any file',
    async (_, open) => {
      const text = async (path: string) => printedFailure(() => Promise.resolve().then(() => open(path)));
      expect(await text(bound('photos.7z', Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1')))).toContain(
        'found an archive (7-Zip)\n  Unpack it, and bind the folder.',
      );
      expect(await text(bound('1.jpg', jpeg(1)))).toContain('not-a-folder: expected a folder of images, found a file');
    },
  );
});
