import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DatasetWriter } from '../src/kit/dataset/dataset-writer.ts';

/**
 * Time and peak memory of every operation on a packed set beyond 2^24 records, each in a process of its own: `flow index`
 * of a set that lost its index, merge, relabel, split and subset. The set has records of a few bytes.
 * `npm run --silent build && node dist/bench/large-sets.js [--records 20000000] [--identities 400000] [--turns]`
 * With `--turns` people follow each other image by image, the hardest order. With `--folder F` the sets stay there for
 * further calls, and `--only relabel` measures one operation.
 */
const { values } = parseArgs({
  options: {
    records: { type: 'string', default: '20000000' },
    identities: { type: 'string', default: '400000' },
    folder: { type: 'string' },
    only: { type: 'string' },
    turns: { type: 'boolean', default: false },
  },
});
const [records, identities] = [Number(values.records), Number(values.identities)];
const flow = fileURLToPath(new URL('../../bin/flow.js', import.meta.url));
const folder = values.folder ?? mkdtempSync(join(tmpdir(), 'faceflow-large-'));
const isWanted = (name: string): boolean => values.only === undefined || values.only === name;

const operations = {
  relabel: { uses: 'relabel', with: 'dataset: set' },
  merge: { uses: 'merge', with: 'datasets: [set, other]' },
  split: { uses: 'split', with: `dataset: set, validationIdentities: ${Math.floor(identities / 100)}` },
  subset: { uses: 'subset', with: 'dataset: set, minImagesPerIdentity: 2' },
};

try {
  if (!existsSync(join(folder, 'set', 'property'))) {
    write('set', records, identities);
    write('other', 1000, 10);
  }
  const index = join(folder, 'set', 'train.idx');
  const before = statSync(index).size;
  if (isWanted('index')) rmSync(index);
  console.log(
    `${records} records of ${identities} identities, ${statSync(join(folder, 'set', 'train.rec')).size} bytes`,
  );
  console.log('operation  seconds  peak MiB');
  if (isWanted('index')) report('index', ['index', 'set']);
  if (statSync(index).size !== before) throw new Error('flow index wrote another index');
  for (const [name, { uses, with: given }] of Object.entries(operations)) {
    if (!isWanted(name)) continue;
    writeFileSync(
      join(folder, `${name}.yaml`),
      `name: ${name}\nstages:\n  ${name}:\n    uses: ${uses}\n    with: { ${given} }\n`,
    );
    report(name, ['run', `${name}.yaml`, '--json']);
    rmSync(join(folder, 'runs'), { recursive: true, force: true });
  }
} finally {
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
}

function write(name: string, count: number, people: number): void {
  const writer = new DatasetWriter(join(folder, name), { identityRecords: false, labelForm: 'class' });
  const image = Uint8Array.of(0, 0, 0, 0);
  for (let position = 0; position < count; position += 1) {
    image[position % 4] = position % 251;
    writer.add(values.turns ? position % people : Math.floor((position * people) / count), true, image);
  }
  writer.finish({ height: 112, width: 112 });
}

/** The peak of the command by itself, or of its task by its record, whichever is larger. */
function report(name: string, args: readonly string[]): void {
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(process.execPath, [flow, ...args], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
    env: { ...process.env, NODE_OPTIONS: `--require ${peakPreload()}` },
  });
  if (status !== 0) throw new Error(`${name}: ${stdout.slice(-2000)}${stderr.slice(-2000)}`);
  const seconds = ((performance.now() - start) / 1000).toFixed(0);
  const peaks = [...stderr.matchAll(/^PEAK (\d+)$/gm), ...stdout.matchAll(/"peakMemoryBytes":(\d+)/g)];
  const peak = Math.max(...peaks.map(([, bytes]) => Number(bytes)));
  console.log(`${name.padEnd(9)}  ${seconds.padStart(7)}  ${(peak / 2 ** 20).toFixed(0).padStart(8)}`);
}

/** Has a process print its own peak at its end. */
function peakPreload(): string {
  const path = join(folder, 'peak.cjs');
  writeFileSync(
    path,
    "process.on('exit', () => process.stderr.write(`\\nPEAK ${process.resourceUsage().maxRSS * 1024}\\n`));\n",
  );
  return path;
}
