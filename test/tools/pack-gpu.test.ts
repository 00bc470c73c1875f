import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { webgpuFolder } from '../../src/kit/net/engines/choose-engine.ts';
import { packageFolder } from '../../src/core/package-folder.ts';

const isMissing = !existsSync(join(webgpuFolder(), 'package.json'));

it.skipIf(isMissing)(
  `the folder for machines without npm runs the quickstart by itself${isMissing ? ' (needs FLOW_ENGINE=webgpu npm run setup)' : ''}`,
  { timeout: 300_000 },
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'flow-packed-'));
    onTestFinished(() => {
      rmSync(folder, { recursive: true });
    });
    const packed = join(folder, 'packed');
    execFileSync(process.execPath, [join(packageFolder(), 'dist/tools/pack-gpu.js'), packed, '--no-archive']);
    const call = ['run', 'pipelines/smoke/quickstart.yaml', '--workspace', join(folder, 'workspace')];
    // Neither Node.js nor anything else of this machine's own is in the way.
    const env = { HOME: folder, PATH: '/usr/bin:/bin' };
    const { status, stdout, stderr } = spawnSync(join(packed, 'flow'), call, { cwd: packed, env, encoding: 'utf8' });
    expect(stderr).toBe('');
    expect(stdout).toContain('5 tasks run, 0 from cache');
    expect(status).toBe(0);
  },
);
