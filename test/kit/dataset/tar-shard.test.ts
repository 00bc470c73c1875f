import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { tarArchive } from '../../../src/kit/codec/archive/tar-archive.ts';
import { readShard } from '../../../src/kit/dataset/tar-shard.ts';
import { printedFailure, temporaryFolder } from './tiny-faces.ts';

function shard(names: readonly string[]): string {
  const path = join(temporaryFolder(), '000.tar');
  const content = Buffer.from('7');
  writeFileSync(path, tarArchive.encode(names.map((name) => ({ name, type: 'file', content }))));
  return path;
}

describe('a shard', () => {
  it('without classes is a folder whose names may have dots', () => {
    const images = [...readShard(shard(['a/x.y.jpg', 'a/x.z.jpg', 'b/1.jpg']))];
    expect(images.map(({ name, folder }) => [name, folder])).toEqual([
      ['a/x.y.jpg', 'a'],
      ['a/x.z.jpg', 'a'],
      ['b/1.jpg', 'b'],
    ]);
  });

  it('is refused where a sample has several images or a name twice', async () => {
    const printed: string[] = [];
    for (const names of [
      ['1.jpg', '1.png', '1.cls'],
      ['1.jpg', '1.jpg', '1.cls'],
    ]) {
      const path = shard(names);
      printed.push((await printedFailure(() => [...readShard(path)])).replaceAll(path, '<shard>'));
    }
    expect(printed.join('\n')).toMatchInlineSnapshot(`
      "<shard>: offset 512: ambiguous-sample: expected one image in every sample, found 1.jpg, 1.png, 1.cls
        The files of a sample follow each other and have one name up to its first dot: 12.jpg, 12.cls.
      <shard>: offset 512: ambiguous-sample: expected a name of its own for every file of a sample, found 1.jpg, 1.jpg, 1.cls
        Write the shard again with a name per sample."
    `);
  });
});
