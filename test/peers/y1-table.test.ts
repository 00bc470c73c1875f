import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { data, missingData, prefix } from './pretrained.ts';

const onnxruntime = installedOnnxruntime();
const reason = onnxruntime.installed ? missingData : onnxruntime.reason;

const workspace = mkdtempSync(join(tmpdir(), 'faceflow-y1-'));
afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
});

const settings = [
  `params.model=${prefix}-0000.params`,
  `params.images=${join(data, 'lfw', 'aligned-112')}`,
  `params.protocol=${join(data, 'lfw', 'pairs.txt')}`,
].flatMap((setting) => ['--set', setting]);

function flow(...args: string[]): { code: number | null; output: string } {
  const command = [resolve('bin/flow.js'), 'table', resolve('pipelines/tables/y1-lfw.yaml'), ...settings, ...args];
  const env = { ...process.env, FLOW_ENGINE: '' };
  const { status, stdout, stderr } = spawnSync(process.execPath, command, { cwd: workspace, env, encoding: 'utf8' });
  return { code: status, output: stdout + stderr };
}

// A minute on two idle cores.
describe.skipIf(reason !== '')(`the table of y1 on LFW${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  it(
    'is what the repository and its README say: 99.45, within spread of the 99.50 of the authors',
    { timeout: 1_800_000 },
    () => {
      const { code, output } = flow('--check');
      expect(output).toContain('y1-lfw: as in');
      expect(code).toBe(0);
      const stored = readFileSync('pipelines/tables/results/y1-lfw.md', 'utf8');
      expect(stored).toMatch(/99\.45 \[99\.\d\d, 99\.\d\d\] \| 99\.5 \(\u22120\.05, within spread\)/);
      expect(readFileSync('README.md', 'utf8')).toContain(stored.trim());
    },
  );

  it('would not pass with another value, and says which cell it is', { timeout: 300_000 }, () => {
    const folder = join(workspace, 'moved');
    cpSync('pipelines/tables/results', folder, { recursive: true });
    const file = join(folder, 'y1-lfw.json');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"value": 99\.4[45]\d*/, '"value": 99.5'));
    const { code, output } = flow('--check', '--to', folder);
    expect(output).toMatch(/MobileFaceNet \(y1\), weights of the authors, LFW \(%\): 99\.50 .* -> 99\.45 /);
    expect(code).toBe(1);
  });
});
