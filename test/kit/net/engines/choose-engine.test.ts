import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import {
  inferenceEngine,
  type EnginePreference,
  parseEngineChoice,
  installedOnnxruntime,
} from '../../../../src/kit/net/engines/choose-engine.ts';
import { printedFailure } from '../../dataset/tiny-faces.ts';

const identity = { name: 'onnxruntime', version: '1.30.0-cpu' } as const;
const onnxruntime = { installed: true, identity } as const;
const tensorflow = { name: 'tensorflow', version: '2.21.0-cpu' } as const;
const reason = 'onnxruntime-node 1.30.0 has no library for sunos sparc';
const absent = { installed: false, reason } as const;

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

function preferring(choice: EnginePreference['choice'], override?: EnginePreference['override']): EnginePreference {
  return { choice, override, stage: 'verify' };
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
  it('is onnxruntime if nothing else is requested', () => {
    expect(inferenceEngine(preferring('auto'), { folder: withTensorflow, onnxruntime })).toEqual({ identity });
  });

  it('is tensorflow, and the run says so, where onnxruntime is missing', () => {
    expect(inferenceEngine(preferring('auto'), { folder: withTensorflow, onnxruntime: absent })).toEqual({
      identity: tensorflow,
      notice: `${reason}: inference is slower without it`,
      remedy: 'npm install onnxruntime-node',
    });
  });

  it('is wasm, with both reasons, where neither is there', () => {
    const { identity: chosen, notice } = inferenceEngine(preferring('auto'), { folder: bare, onnxruntime: absent });
    expect(chosen.name).toBe('wasm');
    expect(notice).toContain(reason);
    expect(notice).toContain('set-up has not run here');
  });

  it('is the one the stage asks for, without a word', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(inferenceEngine(preferring('tensorflow'), installation)).toEqual({ identity: tensorflow });
    expect(inferenceEngine(preferring('cpu'), installation).identity.name).toBe('cpu');
  });

  it('is the one FLOW_ENGINE asks for where the stage leaves it open', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(inferenceEngine(preferring('auto', 'wasm'), installation).identity.name).toBe('wasm');
    expect(inferenceEngine(preferring('auto', 'onnxruntime'), installation).identity).toEqual(identity);
    expect(inferenceEngine(preferring('tensorflow', 'tensorflow'), installation).identity).toEqual(tensorflow);
  });

  it('is refused where stage and FLOW_ENGINE contradict each other', () => {
    const installation = { folder: withTensorflow, onnxruntime };
    expect(failureOf(() => inferenceEngine(preferring('tensorflow', 'wasm'), installation))).toMatchObject({
      code: 'engine-conflict',
      message: 'stage "verify" asks for the engine "tensorflow", and FLOW_ENGINE for "wasm"',
    });
    // cuda is tensorflow on a GPU: no contradiction, but there is no GPU.
    expect(failureOf(() => inferenceEngine(preferring('tensorflow', 'cuda'), installation))).toMatchObject({
      code: 'engine-not-installed',
    });
  });

  it('is never another one than was asked for', async () => {
    for (const asked of [preferring('onnxruntime'), preferring('auto', 'onnxruntime')]) {
      const choose = () => inferenceEngine(asked, { folder: withTensorflow, onnxruntime: absent });
      expect(await printedFailure(choose)).toBe(
        `engine-not-installed: the engine "onnxruntime" was requested and is not installed: ${reason}\n` +
          '  Run npm install onnxruntime-node; the parameter "engine: auto" takes the best engine that is installed.',
      );
    }
    expect(failureOf(() => inferenceEngine(preferring('tensorflow'), { folder: bare, onnxruntime }))).toMatchObject({
      code: 'engine-not-installed',
    });
  });

  it('must be one that exists', () => {
    expect(failureOf(() => parseEngineChoice('onnx'))).toMatchObject({
      code: 'unknown-engine',
      hint: 'The parameter "engine" may be auto, tensorflow, webgpu, onnxruntime, onnxruntime-webgpu, wasm, cpu.',
    });
  });
});

describe('the installed onnxruntime', () => {
  it('computes on the CPU where the driver knows no GPU', () => {
    expect(installedOnnxruntime(join(bare, 'no-driver'))).toEqual(onnxruntime);
  });
});
