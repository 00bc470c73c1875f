import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { missingData, verifyPretrained } from './pretrained.ts';

const onnxruntime = installedOnnxruntime();
const reason = onnxruntime.installed ? missingData : onnxruntime.reason;

const workspace = mkdtempSync(join(tmpdir(), 'faceflow-lfw-'));
afterAll(() => {
  rmSync(workspace, { recursive: true, force: true });
});

/** Distances of pairs 0, 100, 200 ... of the 6,000, as bench/peers/verification.py gave them with MXNet 1.9.1 (`--distances`). */
const mxnetDistances = [
  0.6208117, 0.4433639, 0.5343885, 1.9947393, 1.8512678, 1.8950124, 0.3952938, 0.6412658, 0.4094796, 2.0688912,
  1.8241095, 2.3336351, 0.6527509, 0.3045983, 0.6612912, 1.8705677, 1.7524379, 1.9492449, 0.607456, 0.7057153,
  0.5737999, 2.0606733, 2.0924177, 1.8558732, 0.6507814, 0.7339229, 0.7741976, 1.9500133, 2.1150585, 2.3050554,
  0.7735316, 0.5008669, 0.6877081, 2.3306859, 2.2999448, 1.8809235, 1.3402933, 0.7061046, 0.6680779, 1.9929933,
  1.891952, 1.9536286, 0.4490993, 0.5253877, 0.5868037, 2.0974852, 2.0328203, 1.9959671, 0.5749747, 0.3047438,
  0.2404837, 2.2149314, 2.0546273, 1.5735573, 0.181239, 0.2448634, 0.4433341, 2.1991978, 2.0813094, 2.4568576,
];

// A minute on two idle cores, so that CI can afford it; both engines, and MXNet itself, are in verification.test.ts.
describe.skipIf(reason !== '')(`all of LFW on onnxruntime${reason === '' ? '' : ` (skipped: ${reason})`}`, () => {
  it('gives 0.99450 +- 0.00466 and the distances of MXNet', { timeout: 1_800_000 }, () => {
    const [result, ...others] = verifyPretrained(workspace, ['onnxruntime']);
    expect(others).toEqual([]);
    expect(result?.pairs).toBe(6000);
    expect(result?.accuracy.toFixed(5)).toBe('0.99450');
    expect(result?.deviation.toFixed(5)).toBe('0.00466');
    const differences = mxnetDistances.map((wanted, index) =>
      Math.abs(wanted - (result?.distances[100 * index] ?? NaN)),
    );
    expect(Math.max(...differences)).toBeLessThan(1e-4);
  });
});
