import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { VerificationFile, VerificationResult } from '../../src/face/verification-result.ts';
import { peerPython } from './python.ts';

const data = resolve('../shared/data');
const prefix = join(data, 'models', 'mobilefacenet-y1', 'model');
const peer = peerPython();
const reason = 'missing' in peer ? peer.missing : existsSync(data) ? '' : `no ${data}`;

const workspace = mkdtempSync(join(tmpdir(), 'faceflow-lfw-'));
afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
});

/** Pairs that MXNet decides too: all 6,000 take it seven minutes on two idle cores (bench/peers/verification.py without `--pairs`). */
const peerPairs = 300;

/** The file `name` of every entry of the cache that has one. */
function outputs(name: string): string[] {
  const cache = join(workspace, 'runs', 'cache');
  return readdirSync(cache)
    .map((entry) => join(cache, entry, 'outputs', name))
    .filter((path) => existsSync(path));
}

describe.skipIf(reason !== '')(
  `LFW with the original authors' weights${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    let results: readonly VerificationResult[] = [];
    // Minutes on two idle cores; a busy machine takes its time.
    const timeout = 3_600_000;

    it(
      'gives 0.99450 +- 0.00466 on onnxruntime and on tensorflow, by the pipeline a user would run',
      { timeout },
      () => {
        cpSync('pipelines', join(workspace, 'pipelines'), { recursive: true });
        const settings = [
          `params.model=${prefix}-0000.params`,
          `params.images=${join(data, 'lfw', 'aligned-112')}`,
          `params.protocol=${join(data, 'lfw', 'pairs.txt')}`,
        ].flatMap((setting) => ['--set', setting]);
        const command = [resolve('bin/flow.js'), 'run', 'pipelines/verify-pretrained.yaml', ...settings];
        const environment = { ...process.env, FLOW_ENGINE: '' };
        execFileSync(process.execPath, command, {
          cwd: workspace,
          env: environment,
          stdio: 'pipe',
          maxBuffer: 2 ** 28,
        });
        const files = outputs('verification.json').map((path) => readFileSync(path, 'utf8'));
        results = files.flatMap((text) => (JSON.parse(text) as VerificationFile).results);
        expect(results).toHaveLength(2);
        for (const { accuracy, deviation, pairs } of results) {
          expect(pairs).toBe(6000);
          expect(accuracy.toFixed(5)).toBe('0.99450');
          expect(deviation.toFixed(5)).toBe('0.00466');
        }
      },
    );

    it(`has the distances of MXNet, on the first ${peerPairs} pairs`, { timeout }, () => {
      const [bin = ''] = outputs('pairs.bin');
      const written = join(workspace, 'distances.txt');
      const script = resolve('bench/peers/verification.py');
      const args = ['--model', prefix, '--bin', bin, '--pairs', String(peerPairs), '--distances', written];
      execFileSync('python' in peer ? peer.python : '', [script, ...args], { stdio: 'pipe' });
      const wanted = readFileSync(written, 'utf8').trimEnd().split('\n').map(Number);
      expect(wanted).toHaveLength(peerPairs);
      for (const { distances } of results) {
        const differences = wanted.map((distance, pair) => Math.abs(distance - (distances[pair] ?? NaN)));
        expect(Math.max(...differences)).toBeLessThan(1e-4);
      }
    });
  },
);
