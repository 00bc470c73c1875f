import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { VerificationResult } from '../../src/kit/face/verification-result.ts';
import { missingData, outputs, prefix, verifyPretrained } from './pretrained.ts';
import { preparePeer } from './python.ts';

const { python, missing, folder: workspace } = preparePeer();
const reason = missing ?? missingData;

// Minutes on two idle cores; a busy machine takes its time. CI runs lfw.test.ts in its place.
const timeout = 3_600_000;

describe.skipIf(reason !== '')(
  `LFW with the original authors' weights${reason === '' ? '' : ` (skipped: ${reason})`}`,
  () => {
    let results: readonly VerificationResult[] = [];

    it(
      'gives 0.99450 +- 0.00466 on onnxruntime and on tensorflow, by the pipeline a user would run',
      { timeout },
      () => {
        results = verifyPretrained(workspace, ['onnxruntime', 'tensorflow']);
        expect(results).toHaveLength(2);
        for (const { accuracy, deviation, pairs } of results) {
          expect(pairs).toBe(6000);
          expect(accuracy.toFixed(5)).toBe('0.99450');
          expect(deviation.toFixed(5)).toBe('0.00466');
        }
      },
    );

    it('has the distances of MXNet, on all pairs', { timeout }, () => {
      const [bin = ''] = outputs(workspace, 'pairs.bin');
      const written = join(workspace, 'distances.txt');
      const script = resolve('bench/peers/verification.py');
      const args = ['--model', prefix, '--bin', bin, '--distances', written];
      execFileSync(python, [script, ...args], { stdio: 'pipe' });
      const wanted = readFileSync(written, 'utf8').trimEnd().split('\n').map(Number);
      expect(wanted).toHaveLength(6000);
      for (const { distances } of results) {
        const differences = wanted.map((distance, pair) => Math.abs(distance - (distances[pair] ?? NaN)));
        expect(Math.max(...differences)).toBeLessThan(1e-4);
      }
    });
  },
);
