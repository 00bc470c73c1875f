import { afterEach, beforeEach, expect, it } from 'vitest';
import { pathToFileURL } from 'node:url';
import { Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

const inPackages = /.*node_modules\/((?:@[^/]+\/)?[^/]+)/;
/** What is bundled with the command is in files of the names of packages. */
const inBundle = /dist\/src\/flow\/(.+)-[\w-]{8}\.js$/;

/** Names of the packages a `flow` process loads. */
async function packagesOf(args: readonly string[]): Promise<Set<string>> {
  const list = rig.path('modules');
  rig.write('modules', '');
  const preload = pathToFileURL(new URL('../fixtures/preload/list-modules.mjs', import.meta.url).pathname).href;
  const ended = await rig.flow(args, { LIST_MODULES: list, NODE_OPTIONS: `--import=${preload}` });
  expect(ended.code).toBe(0);
  const names = rig
    .read('modules')
    .split('\n')
    // The version of an engine is read from its package.json, which loads nothing.
    .filter((path) => !path.endsWith('.json'))
    .flatMap((path) => inPackages.exec(path)?.[1] ?? inBundle.exec(path)?.[1] ?? []);
  return new Set(names);
}

it('a run that finds everything in the cache loads no tensor library, no listr2 and no yaml', async () => {
  rig.write(
    'built-in.yaml',
    'name: built-in\nsummary: a test\nstages:\n  faces:\n    uses: synthesize\n    with: { identities: 3, imagesPerIdentity: 2, heldOut: 2, pairs: 2 }\n',
  );
  const first = await packagesOf(['run', 'built-in.yaml']);
  expect(first).toContain('yaml');
  const second = await packagesOf(['run', 'built-in.yaml']);
  expect(second).toContain('better-sqlite3');
  const heavy = [...second].filter((name) => /tfjs|onnxruntime|sharp|jpeg|listr2|yaml/.test(name));
  expect(heavy).toEqual([]);
});
