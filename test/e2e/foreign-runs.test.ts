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
import { afterEach, beforeEach, expect, it } from 'vitest';
import { openDatabase } from '../../src/pipeline/record/open-database.ts';
import { Rig } from './rig.ts';

/*
 * Folders that `flow import` and `flow cache import` are given may come from anybody.
 */

let rig: Rig;
let run: string;

beforeEach(async () => {
  rig = new Rig();
  rig.chain({ a: [] });
  await rig.flow(['run', 'chain.yaml']);
  run = rig.runs()[0] ?? '';
  await rig.flow(['export', run, 'taken', '--with-results']);
  await rig.flow(['rm', run]);
});

afterEach(async () => {
  await rig.dispose();
});

function replaceIn(file: string, from: string, to: string): void {
  const text = readFileSync(rig.path(file), 'utf8');
  expect(text).toContain(from);
  writeFileSync(rig.path(file), text.replaceAll(from, to));
}

it.each([
  '../../payload',
  '..',
  'x/y',
  '20260101-000000-a/../../b',
  `20260101-000000-x'; DROP TABLE run`,
  '20260101-000000-\\u001b[31m',
])('a run that calls itself %s is not imported, and nothing of it is written', async (id) => {
  replaceIn('taken/run.json', run, id);
  replaceIn('taken/events.ndjson', run, id);
  rig.write('taken/bin/x.sh', 'echo');
  const before = readdirSync(rig.path());
  const ended = await rig.flow(['import', 'taken']);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain('bad-run-id: expected the id of a run');
  expect(readdirSync(rig.path())).toEqual(before);
  expect(rig.runs()).toEqual([]);
});

it('a run with a damaged result is imported without it, and says so', async () => {
  const [key = ''] = readdirSync(rig.path('taken/results'));
  const [file = ''] = readdirSync(rig.path('taken/results', key, 'outputs'));
  rmSync(rig.path('runs/cache', key), { recursive: true, force: true });
  rmSync(rig.path('taken/results', key, 'outputs', file), { recursive: true, force: true });
  const ended = await rig.flow(['import', 'taken']);
  expect(ended.code).toBe(1);
  expect(ended.stdout).toMatch(
    new RegExp(`^${key.slice(0, 12)} was not taken: .+\nimported ${run}, with 0 results\n$`),
  );
});

it('a run whose events are those of another is not imported, and nothing stays of it', async () => {
  const other = '20260101-000000-other';
  replaceIn('taken/run.json', run, other);
  const ended = await rig.flow(['import', 'taken']);
  expect(ended.code).toBe(2);
  expect(ended.stderr).toContain(`bad-run-id: expected run ${other} as its record says, found "${run}"`);
  expect(rig.runs()).toEqual([]);
  // Nor is it taken by a rebuild under the name of another folder.
  replaceIn('taken/run.json', other, run);
  renameSync(rig.path('taken'), rig.path('runs', other));
  expect((await rig.flow(['db', 'rebuild'])).stdout).toContain('0 runs are in the database; 1 could not be read');
});

it('of a run only the files that belong to one are imported, and no links', async () => {
  rig.write('secret', 'secret text');
  rig.write('taken/bin/x.sh', 'echo');
  rmSync(rig.path('taken/logs/a.log'));
  symlinkSync(rig.path('secret'), rig.path('taken/logs/a.log'));
  expect((await rig.flow(['import', 'taken'])).code).toBe(0);
  expect(readdirSync(rig.path('runs', run)).sort()).toEqual(['events.ndjson', 'logs', 'run.json']);
  expect((await rig.flow(['logs', 'a'])).stdout).not.toContain('secret text');
  expect(rig.entries()).toHaveLength(1);
});

it('a run that got an id of a folder elsewhere into the database is not removed there', async () => {
  mkdirSync(rig.path('payload'));
  await rig.flow(['import', 'taken']);
  const database = openDatabase(rig.path('runs/flow.db'));
  database.exec(`pragma foreign_keys = off; update run set id = '../payload'`);
  database.close();
  const ended = await rig.flow(['rm', '../payload']);
  expect(ended.stderr).toContain('bad-run-id: expected the id of a run, found "../payload"');
  expect(existsSync(rig.path('payload'))).toBe(true);
});

it('a stored result under a key that is not that of its document is not taken', async () => {
  const [key = ''] = rig.entries();
  rmSync(rig.path('runs/cache'), { recursive: true });
  replaceIn(`taken/results/${key}/entry.json`, '"text": "a"', '"text": "b"');
  const ended = await rig.flow(['cache', 'import', 'taken/results']);
  expect(ended.stdout).toContain('its key is not that of its key document');
  expect(rig.entries()).toEqual([]);
});

it('a stored result whose outputs are a link to a folder elsewhere is not taken', async () => {
  const [key = ''] = rig.entries();
  rmSync(rig.path('runs/cache'), { recursive: true });
  const outputs = rig.path('taken/results', key, 'outputs');
  renameSync(outputs, rig.path('elsewhere'));
  symlinkSync(rig.path('elsewhere'), outputs);
  const ended = await rig.flow(['cache', 'import', 'taken/results']);
  expect(ended.stdout).toContain('outputs is a symbolic link');
  expect(rig.entries()).toEqual([]);
});

it('names with what a terminal would act on are printed without it', async () => {
  rig.write(
    'loud.yaml',
    'name: "con\\e[31m\\e]0;title\\a"\nstages:\n  a: { uses: shell, with: { command: touch $out, outputs: { out: o } } }\n',
  );
  for (const args of [['run', 'loud.yaml'], ['runs'], ['show', 'latest'], ['run', 'loud.yaml', '--nothing\u009b2J']]) {
    const { stdout, stderr } = await rig.flow(args);
    expect(stdout + stderr).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  }
});
