import { chmodSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { outcomes, Rig } from './rig.ts';

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(async () => {
  await rig.dispose();
});

it('flow cache lists, checks, protects, cleans and moves results', async () => {
  rig.chain({ a: [], b: ['a'] });
  await rig.flow(['run', 'chain.yaml']);
  const listed = await rig.flow(['cache', 'ls']);
  expect(listed.stdout).toMatch(/chain:b\n/);
  expect(listed.stdout).toContain('2 results');

  expect((await rig.flow(['cache', 'export', 'elsewhere'])).stdout).toBe('2 results copied, 0 were there\n');
  await rig.flow(['cache', 'pin', 'chain:a', '--reason', 'for the paper']);
  expect((await rig.flow(['cache', 'ls'])).stdout).toContain('pinned: for the paper');
  const dry = await rig.flow(['cache', 'gc', '--max-size', '0', '--dry-run']);
  expect(dry.stdout).toContain('1 result would go');
  const cleaned = await rig.flow(['cache', 'gc', '--max-size', '0']);
  expect(cleaned.stdout).toContain('1 result removed');
  expect(rig.entries()).toHaveLength(1);

  expect((await rig.flow(['cache', 'import', 'elsewhere'])).stdout).toBe('1 result taken, 1 were here\n');
  expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'cached', b: 'cached' });

  const file = rig.path('runs/latest/chain/outputs/b/out.txt');
  chmodSync(file, 0o644);
  writeFileSync(file, 'x x');
  const verified = await rig.flow(['cache', 'verify']);
  expect(verified.code).toBe(1);
  expect(verified.stdout).toContain('output out is not what was stored: its content differs');
  expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json']))).toEqual({ a: 'cached', b: 'done' });
});

it('a cache folder is shared by two workspaces, and a second one is read', async () => {
  const other = new Rig();
  try {
    // The same stages, and a control folder that is the same in both, since it is a parameter.
    rig.chain({ a: [], b: ['a'] });
    other.write('chain.yaml', rig.read('chain.yaml'));
    const shared = { FLOW_CACHE: rig.path('shared') };
    expect(outcomes(await rig.flow(['run', 'chain.yaml', '--json'], shared))).toEqual({ a: 'done', b: 'done' });
    expect(outcomes(await other.flow(['run', 'chain.yaml', '--json'], shared))).toEqual({ a: 'cached', b: 'cached' });
    expect(other.read('runs/latest/chain/outputs/b/out.txt')).toBe('a b');

    const second = { FLOW_SECOND_CACHE: rig.path('shared') };
    expect((await other.flow(['plan', 'chain.yaml'], second)).stdout).toContain('2 tasks, 2 cached, 0 to run');
    expect(other.entries()).toEqual([]);
    expect(outcomes(await other.flow(['run', 'chain.yaml', '--json'], second))).toEqual({ a: 'cached', b: 'cached' });
    expect(other.entries()).toHaveLength(2);
  } finally {
    await other.dispose();
  }
});
