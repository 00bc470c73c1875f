import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { jpeg } from '../kit/dataset/tiny-faces.ts';
import { cleaned } from '../e2e/printed-failures.ts';
import { Rig } from '../e2e/rig.ts';

let rig: Rig;
beforeAll(() => {
  rig = new Rig();
  mkdirSync(rig.path('folder'));
  symlinkSync('/nowhere/file', rig.path('dangling'));
  symlinkSync('loop', rig.path('loop'));
  rig.write('empty', '');
  execFileSync('mkfifo', [rig.path('pipe')]);
  writeFileSync(rig.path('one.jpg'), jpeg(1, 60));
});
afterAll(() => rig.dispose());

/** What may be in the place of a path. */
const odd = ['gone', 'folder', 'dangling', 'loop', 'empty/below', 'x'.repeat(300)];

/** Calls whose last argument is such a path, and that cannot do anything with any of them. */
const calls: readonly (readonly string[])[] = [
  ['embed', 'one.jpg', '--weights'],
  ['serve', '--token-file'],
  ['check'],
  ['table'],
];

describe('a path that leads to nothing of use', { timeout: 300_000 }, () => {
  it.each(calls.map((call) => [call.join(' '), call] as const))('is told of by its name: flow %s', async (_, call) => {
    for (const path of odd) {
      const { code, stderr } = await rig.flow([...call, path], { FLOW_ENGINE: '' });
      expect(stderr, path).not.toContain('defect');
      expect({ path, code }).toEqual({ path, code: 2 });
    }
  });

  it.each([
    [['serve', '--weights', 'folder'], 'no-network-file'],
    [['export-model', 'made', '--record', 'pipe'], 'not-a-verify-record'],
    [['export-model', 'made', '--training', 'pipe'], 'wrong-option'],
    [['identify', 'one.jpg', 'pipe'], 'not-a-file'],
  ])('ends the command, which does not wait: flow %s', async (call, expected) => {
    const { code, stderr } = await rig.flow(call, { FLOW_ENGINE: '' });
    expect(code, stderr).toBe(2);
    expect(stderr).toContain(`${expected}: `);
  });

  it('is told of among photographs, of which the others are embedded', async () => {
    const { code, stdout, stderr } = await rig.flow(['embed', 'loop', 'one.jpg', '--detector', 'none', '--json']);
    expect(code, stderr).toBe(1);
    const { failures } = JSON.parse(stdout) as { failures: { code: string }[] };
    expect(failures.map((failure) => failure.code)).toEqual(['unreadable-path', 'not-aligned']);
  });

  it('is named also where the file system alone knows what is wrong', async () => {
    const { stderr } = await rig.flow(['export-model', 'empty/below/it']);
    expect(cleaned(rig, stderr)).toMatchInlineSnapshot(`
      "<workspace>/empty/below/it: unreadable-path: cannot read <workspace>/empty/below/it: a part of the path is a file (ENOTDIR: not a directory, stat '<workspace>/empty/below/it')
        Get the right to read it, or correct the path."
    `);
  });
});
