import { join } from 'node:path';
import { expect, it } from 'vitest';
import { folderSource } from '../../../src/pipeline/cache/sources/folder.ts';
import { bucketSource, objectPath } from './bucket-source.ts';
import { overwrite, sourceSuite } from './source-suite.ts';

sourceSuite('folder', (folder) => ({
  source: folderSource(folder),
  damage: (key, path) => {
    overwrite(join(folder, key, path));
  },
}));

sourceSuite('bucket', (folder) => ({
  source: bucketSource(folder),
  damage: (key, path) => {
    overwrite(objectPath(folder, `${key}/${path}`));
  },
}));

it('a folder that is not there is refused before anything runs', () => {
  expect(() => {
    void folderSource('/nowhere').check();
  }).toThrow('expected a folder of results, found none: /nowhere');
});
