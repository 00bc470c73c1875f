import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { parseEngineOverride, type EngineOverride } from '../../../../src/kit/net/engines/choose-engine.ts';
import { trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { printedFailure } from '../../dataset/tiny-faces.ts';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'flow-engine-'));
  mkdirSync(join(folder, 'node_modules', '.faceflow'), { recursive: true });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes engine.json as set-up does. */
function record(changes: Readonly<Record<string, unknown>>): void {
  const common = { format: 'faceflow-engine', version: 1, devices: ['cpu'], files: [], proof: {} };
  const path = join(folder, 'node_modules', '.faceflow', 'engine.json');
  writeFileSync(path, JSON.stringify({ ...common, ...changes }));
}

const onCpu = { engine: { name: 'tensorflow', version: '2.21.0-cpu' } };
const onGpu = { engine: { name: 'tensorflow', version: '2.21.0-cuda' }, devices: ['gpu', 'cpu'] };
const onWasm = {
  engine: { name: 'wasm', version: '4.22.0' },
  instead: { reason: 'TensorFlow is not set up: make was not found', remedy: 'install it' },
};

function failureOf(request: EngineOverride | undefined): unknown {
  try {
    return trainingEngine(request, folder);
  } catch (error) {
    if (error instanceof FailureError) return error.failures[0];
    throw error;
  }
}

describe('the installed engine', () => {
  it('is the one that set-up proved', () => {
    record(onCpu);
    expect(trainingEngine(undefined, folder)).toEqual({ identity: onCpu.engine });
    expect(trainingEngine('tensorflow', folder)).toEqual({ identity: onCpu.engine });
    record(onGpu);
    expect(trainingEngine('cuda', folder)).toEqual({ identity: onGpu.engine });
  });

  it('is wasm, with the reason and the remedy, where set-up could not install TensorFlow', () => {
    record(onWasm);
    expect(trainingEngine(undefined, folder)).toEqual({
      identity: { name: 'wasm', version: '4.22.0' },
      notice: 'TensorFlow is not set up: make was not found',
      remedy: 'install it',
    });
  });

  it('is wasm, and says so, where set-up has not run', () => {
    expect(trainingEngine(undefined, folder)).toMatchObject({
      identity: { name: 'wasm' },
      notice: 'set-up has not run here: the wasm engine serves, several times slower',
      remedy: 'npm run setup',
    });
  });

  it('says that no GPU was found where the CUDA library computes on the CPU', () => {
    record({ ...onCpu, instead: { reason: 'TensorFlow found no GPU', remedy: 'look at nvidia-smi' } });
    expect(trainingEngine(undefined, folder)).toMatchObject({
      identity: onCpu.engine,
      notice: 'TensorFlow found no GPU',
    });
  });

  it('is wasm or cpu without a word where that was asked for', () => {
    record(onCpu);
    expect(trainingEngine('wasm', folder)).toEqual({ identity: { name: 'wasm', version: '4.22.0' } });
    expect(trainingEngine('cpu', folder)).toEqual({ identity: { name: 'cpu', version: '4.22.0' } });
  });

  it('is never another one than was asked for', async () => {
    record(onWasm);
    expect(await printedFailure(() => trainingEngine('tensorflow', folder))).toMatchInlineSnapshot(`
      "engine-not-installed: the engine "tensorflow" was requested and is not installed: TensorFlow is not set up: make was not found
        install it"
    `);
    record(onCpu);
    expect(await printedFailure(() => trainingEngine('cuda', folder))).toMatchInlineSnapshot(`
      "engine-not-installed: the engine "cuda" was requested and is not installed: set-up found tensorflow 2.21.0-cpu without a GPU
        Run: FLOW_ENGINE=cuda npm run setup."
    `);
  });

  it('is never onnxruntime, which does not train', () => {
    record(onCpu);
    expect(failureOf('onnxruntime')).toMatchObject({ code: 'engine-cannot-train' });
  });

  it('is not replaced where one of its files is gone', async () => {
    record({ ...onCpu, files: ['node_modules/gone.node'] });
    expect(await printedFailure(() => trainingEngine(undefined, folder))).toMatchInlineSnapshot(`
      "engine-incomplete: set-up installed the tensorflow engine, but its file node_modules/gone.node is gone
        Run npm run setup again; FLOW_ENGINE=wasm runs without it."
    `);
  });
});

describe('FLOW_ENGINE', () => {
  it('may be unset, empty, or the name of an engine', () => {
    expect(parseEngineOverride(undefined)).toBeUndefined();
    expect(parseEngineOverride('')).toBeUndefined();
    expect(parseEngineOverride('cuda')).toBe('cuda');
  });

  it('may be nothing else', () => {
    expect(() => parseEngineOverride('tensorflo')).toThrow('there is no engine "tensorflo"');
  });
});
