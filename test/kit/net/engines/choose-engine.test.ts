import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { inferenceEngine, type EnginePreference } from '../../../../src/kit/net/engines/choose-engine.ts';
import { parseEngineChoice } from '../../../../src/kit/net/engines/engine-override.ts';
import { installedOnnxruntime } from '../../../../src/kit/net/engines/installed-onnxruntime.ts';
import { printedFailure } from '../../dataset/tiny-faces.ts';

const onnxruntime = { name: 'onnxruntime', version: '1.30.0-cpu' } as const;
const tensorflow = { name: 'tensorflow', version: '2.21.0-cpu' } as const;
const absent = 'onnxruntime-node 1.30.0 has no library for sunos sparc';

let withTensorflow: string;
let bare: string;

beforeAll(() => {
  bare = mkdtempSync(join(tmpdir(), 'flow-bare-'));
  withTensorflow = mkdtempSync(join(tmpdir(), 'flow-engine-'));
  const folder = join(withTensorflow, 'node_modules', '.faceflow');
  mkdirSync(folder, { recursive: true });
  const record = { format: 'faceflow-engine', version: 1, engine: tensorflow, devices: ['cpu'], files: [], proof: {} };
  writeFileSync(join(folder, 'engine.json'), JSON.stringify(record));
});

afterAll(() => {
  for (const folder of [bare, withTensorflow]) rmSync(folder, { recursive: true });
});

function wish(choice: EnginePreference['choice'], request?: EnginePreference['request']): EnginePreference {
  return { choice, request, stage: 'verify' };
}

function failureOf(act: () => unknown): unknown {
  try {
    return act();
  } catch (error) {
    if (error instanceof FailureError) return error.failures[0];
    throw error;
  }
}

describe('the engine of a stage that infers', () => {
  it('is onnxruntime where nobody says otherwise', () => {
    expect(inferenceEngine(wish('auto'), { folder: withTensorflow, onnxruntime })).toEqual({ identity: onnxruntime });
  });

  it('is tensorflow, and the run says so, where onnxruntime is missing', () => {
    expect(inferenceEngine(wish('auto'), { folder: withTensorflow, onnxruntime: absent })).toEqual({
      identity: tensorflow,
      notice: `${absent}: inference is slower without it`,
      remedy: 'npm install onnxruntime-node',
    });
  });

  it('is wasm, with both reasons, where neither is there', () => {
    const { identity, notice } = inferenceEngine(wish('auto'), { folder: bare, onnxruntime: absent });
    expect(identity.name).toBe('wasm');
    expect(notice).toContain(absent);
    expect(notice).toContain('set-up has not run here');
  });

  it('is the one the stage asks for, without a word', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(inferenceEngine(wish('tensorflow'), installation)).toEqual({ identity: tensorflow });
    expect(inferenceEngine(wish('cpu'), installation).identity.name).toBe('cpu');
  });

  it('is the one FLOW_ENGINE asks for where the stage leaves it open', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(inferenceEngine(wish('auto', 'wasm'), installation).identity.name).toBe('wasm');
    expect(inferenceEngine(wish('auto', 'onnxruntime'), installation).identity).toEqual(onnxruntime);
    expect(inferenceEngine(wish('tensorflow', 'tensorflow'), installation).identity).toEqual(tensorflow);
  });

  it('is none where stage and FLOW_ENGINE contradict each other', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(failureOf(() => inferenceEngine(wish('tensorflow', 'wasm'), installation))).toMatchObject({
      code: 'engine-conflict',
      message: 'stage "verify" asks for the engine "tensorflow", and FLOW_ENGINE for "wasm"',
    });
    // cuda is tensorflow on a GPU: no contradiction, but there is no GPU.
    expect(failureOf(() => inferenceEngine(wish('tensorflow', 'cuda'), installation))).toMatchObject({
      code: 'engine-not-installed',
    });
  });

  it('is never another one than was asked for', async () => {
    for (const asked of [wish('onnxruntime'), wish('auto', 'onnxruntime')]) {
      const choose = () => inferenceEngine(asked, { folder: withTensorflow, onnxruntime: absent });
      expect(await printedFailure(choose)).toBe(
        `engine-not-installed: the engine "onnxruntime" was asked for and is not installed: ${absent}\n` +
          '  npm install onnxruntime-node brings it; the parameter "engine: auto" takes the best there is',
      );
    }
    expect(failureOf(() => inferenceEngine(wish('tensorflow'), { folder: bare, onnxruntime }))).toMatchObject({
      code: 'engine-not-installed',
    });
  });

  it('must be one that exists', () => {
    expect(failureOf(() => parseEngineChoice('onnx'))).toMatchObject({
      code: 'unknown-engine',
      hint: 'the parameter "engine" may be auto, tensorflow, onnxruntime, wasm, cpu',
    });
  });
});

describe('the installed onnxruntime', () => {
  it('computes on the CPU where the driver knows no GPU', () => {
    expect(installedOnnxruntime(join(bare, 'no-driver'))).toEqual({ name: 'onnxruntime', version: '1.30.0-cpu' });
  });
});
