import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findTools } from '../../setup/tools.mjs';

const path = process.env['PATH'];
let folder: string;

/** A PATH with programs of the test's own and nothing else. */
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-tools-'));
  process.env['PATH'] = folder;
});

afterEach(() => {
  process.env['PATH'] = path;
  rmSync(folder, { recursive: true });
});

function install(name: string, exitCode = 0): void {
  writeFileSync(join(folder, name), `#!/bin/sh\nexit ${exitCode}\n`);
  chmodSync(join(folder, name), 0o755);
}

describe('the programs of set-up', () => {
  it('are all named when all are missing', async () => {
    await expect(findTools({ pip: true, compiler: true }, {})).rejects.toMatchObject({
      message: 'Python 3 with pip and a C++ compiler and make were not found',
      remedy: 'install what is missing (Debian, Ubuntu: apt install python3-pip g++ make), then npm run setup',
    });
  });

  it('are not asked for where the cache makes them unnecessary', async () => {
    await expect(findTools({ pip: false, compiler: false }, {})).resolves.toBeDefined();
  });

  it('count as missing where Python has no pip', async () => {
    install('python3', 1);
    await expect(findTools({ pip: true, compiler: false }, {})).rejects.toThrow('Python 3 with pip was not found');
  });

  it('may have other names, or be named by PYTHON, CXX and MAKE', async () => {
    for (const name of ['python', 'clang++', 'gmake']) install(name);
    await expect(findTools({ pip: true, compiler: true }, {})).resolves.toEqual({ python: 'python' });
    install('snake');
    await expect(findTools({ pip: true, compiler: true }, { PYTHON: 'snake' })).resolves.toEqual({ python: 'snake' });
  });
});
