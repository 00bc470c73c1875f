import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const repository = fileURLToPath(new URL('../../', import.meta.url));
const pipeline = join(repository, 'pipelines', 'smoke', 'quickstart.yaml');

describe('the quickstart, small, on the wasm engine', () => {
  let workspace = '';

  function flow(...args: string[]): { status: number | null; output: string } {
    const { status, stdout, stderr } = spawnSync(process.execPath, [join(repository, 'bin', 'flow.js'), ...args], {
      cwd: workspace,
      encoding: 'utf8',
      env: { ...process.env, FLOW_ENGINE: 'wasm' },
    });
    return { status, output: stdout + stderr };
  }

  beforeAll(() => {
    workspace = mkdtempSync(join(tmpdir(), 'flow-smoke-'));
  });
  afterAll(() => {
    rmSync(workspace, { recursive: true, force: true });
  });

  it('draws, packs, trains three steps, verifies and writes a page, and names the engine', { timeout: 300_000 }, () => {
    const { status, output } = flow('run', pipeline);
    expect(output).toContain('wasm 4.22.0');
    expect(output).toMatch(/verify: accuracy \d\.\d+ ± \d\.\d+/);
    expect(status).toBe(0);
    const [, path = ''] = /report: (runs\/\S+report\.html)/.exec(output) ?? [];
    expect(readFileSync(join(workspace, path), 'utf8')).toContain('<svg');
  });

  it('takes everything from the cache the second time', () => {
    const { status, output } = flow('run', pipeline);
    expect(output).toContain('everything was in the cache (5 tasks)');
    expect(status).toBe(0);
  });

  it('says beforehand that a changed parameter of the training leaves images and packing alone', () => {
    const { status, output } = flow('plan', pipeline, '--set', 'stages.train.with.optimizer.learningRate=0.03');
    expect(output).toMatch(/faces +cached/);
    expect(output).toMatch(/pack +cached/);
    expect(output).toMatch(/train +run +optimizer\.learningRate 0\.1 -> 0\.03/);
    expect(output).toMatch(/verify +unknown +waits for train/);
    expect(status).toBe(0);
  });

  it('aligns drawn faces by a list of points, and shows them on the page', { timeout: 300_000 }, () => {
    const { status, output } = flow('run', join(repository, 'pipelines', 'smoke', 'align-lfw.yaml'));
    expect(output).toMatch(/align: images 24, aligned 24, cropped 0, .* left out 0/);
    expect(status).toBe(0);
    const [, path = ''] = /report: (runs\/\S+align-lfw-smoke\S+report\.html)/.exec(output) ?? [];
    const page = readFileSync(join(workspace, path), 'utf8');
    expect(page).toContain('<section id="alignment"');
    expect(page).toContain('alt="person_0001/person_0001_0001.jpg"');
  });
});
