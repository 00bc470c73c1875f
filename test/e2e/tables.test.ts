import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FilledTable } from '../../src/pipeline/table/filled-table.ts';
import { Rig } from './rig.ts';

const folder = fileURLToPath(new URL('../../pipelines/tables/', import.meta.url));
const tables = readdirSync(folder)
  .filter((name) => name.endsWith('.yaml'))
  .map((name) => basename(name, '.yaml'));

let rig: Rig;

beforeAll(() => {
  rig = new Rig();
});

afterAll(async () => {
  await rig.dispose();
});

const file = (table: string): string => join(folder, `${table}.yaml`);

function filled(path: string): FilledTable {
  return JSON.parse(rig.read(path)) as FilledTable;
}

it('there is a table for each of the 2018 README, and one that anybody can compute', () => {
  expect(tables).toEqual([
    'arcface',
    'caffe-conversion',
    'combined-margin',
    'margins-drawn',
    'megaface-cleaning',
    'overlap-removal',
    'pretrained',
    'y1-lfw',
  ]);
});

describe.each(tables)('the table %s', (table) => {
  it('says of each cell what it lacks, where nothing was run and no data are here', { timeout: 120_000 }, async () => {
    const { code, stderr } = await rig.flow(['table', file(table), '--no-run', '--to', 'empty'], { FLOW_ENGINE: '' });
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const cells = filled(`empty/${table}.json`).rows.flatMap((row) => row.cells);
    expect(cells.length).toBeGreaterThan(0);
    expect(cells.map(({ tier }) => tier)).toEqual(cells.map(() => 'not run'));
    expect(cells.filter(({ missing }) => missing === '')).toEqual([]);
  });

  it('has a value in each cell of its smoke form, and every form of it', { timeout: 900_000 }, async () => {
    // The fastest engine there is; that of the committed smoke form is another matter, see below.
    const engine = { FLOW_ENGINE: table === 'margins-drawn' ? 'wasm' : '' };
    const ended = await rig.flow(['table', file(table), '--smoke', '--to', 'smoke'], engine);
    expect(ended.stderr).toBe('');
    expect(ended.code).toBe(0);
    const { rows, isSmoke } = filled(`smoke/${table}.smoke.json`);
    expect(isSmoke).toBe(true);
    const cells = rows.flatMap((row) => row.cells);
    expect(cells.map(({ tier, missing }) => [tier, missing])).toEqual(cells.map(() => ['smoke', '']));
    for (const form of ['md', 'tex', 'csv', 'html']) expect(rig.read(`smoke/${table}.smoke.${form}`)).not.toBe('');
  });
});

it(
  'the smoke form of eight margins and three seeds is what is in the repository, on any machine',
  { timeout: 900_000 },
  async () => {
    const ended = await rig.flow(['table', file('margins-drawn'), '--smoke', '--check'], { FLOW_ENGINE: 'wasm' });
    expect(ended.stdout).toContain('margins-drawn: as in');
    expect(ended.code).toBe(0);
    const stored = readFileSync(join(folder, 'results', 'margins-drawn.smoke.json'), 'utf8');
    const { rows } = JSON.parse(stored) as FilledTable;
    expect(rows.map(({ cells }) => cells.map(({ count }) => count))).toEqual(
      Array.from({ length: 8 }, () => [3, 3, 3]),
    );
  },
);
