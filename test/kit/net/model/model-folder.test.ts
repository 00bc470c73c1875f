import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FailureError } from '../../../../src/core/failure.ts';
import { checkValues } from '../../../../src/kit/net/model/check-parameters.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { readModel, writeModel } from '../../../../src/kit/net/model/model-folder.ts';
import { failuresOf as failuresBy } from '../../dataset/tiny-faces.ts';
import { randomParameters, smallNetworks } from '../backends/small-networks.ts';

const graph = smallNetworks['convolution 3x2, stride 2 by 1, padded on one axis, with bias'];
if (graph === undefined) throw new Error('the small network has gone');

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'model-'));
  writeModel(folder, { graph, parameters: randomParameters(graph, 1).values(), origin: { steps: 3 } });
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Replaces `from` by `to` in model.json. */
function edit(from: string, to: string): void {
  const file = join(folder, 'model.json');
  const text = readFileSync(file, 'utf8');
  expect(text).toContain(from);
  writeFileSync(file, text.replace(from, to));
}

function failuresOf(): string[] {
  try {
    readModel(folder);
  } catch (error) {
    if (error instanceof FailureError) return error.failures.map(({ code, message }) => `${code}: ${message}`);
    throw error;
  }
  return [];
}

describe('a model folder', () => {
  it('gives back what was written', () => {
    const model = readModel(folder);
    expect(model.shaped.graph).toEqual(graph);
    expect(model.origin).toEqual({ steps: 3 });
    expect(model.parameters).toEqual(randomParameters(graph, 1));
  });

  it('of version 1 names its only output', () => {
    edit('"version": 2', '"version": 1');
    edit('"outputs": [\n   "layer"\n  ]', '"output": "layer"');
    expect(readModel(folder).shaped.graph.outputs).toEqual(['layer']);
  });

  it('that holds more than a graph is the graph alone, as of models whose size had facts of the data set', () => {
    edit('"input": {', '"input": { "identities": 40,');
    edit('"kind": "convolution"', '"kind": "convolution", "unit": 3');
    expect(readModel(folder).shaped.graph).toEqual(graph);
  });

  it('that is cut off anywhere fails with the name of a parameter and the sizes', () => {
    const path = join(folder, 'parameters.bin');
    const whole = readFileSync(path);
    for (const size of [0, 1, whole.length - 1]) {
      writeFileSync(path, whole);
      truncateSync(path, size);
      const [failure] = failuresOf();
      expect(failure).toMatch(/^model-truncated: parameter ".*" should end at byte \d+, but the file has \d+ bytes$/);
    }
  });

  it('whose model.json is cut off anywhere fails as bad-model', () => {
    const path = join(folder, 'model.json');
    const text = readFileSync(path, 'utf8').trim();
    for (let size = 0; size < text.length; size += 7) {
      writeFileSync(path, text.slice(0, size));
      expect(failuresOf()[0]).toMatch(/^bad-model: /);
    }
  });

  it('without its files says which one is missing', () => {
    rmSync(join(folder, 'parameters.bin'));
    expect(failuresOf()).toEqual(['model-incomplete: the file with the values of the parameters is missing']);
    rmSync(join(folder, 'model.json'));
    expect(failuresOf()).toEqual([
      'no-model: a model folder holds model.json and parameters.bin; model.json is missing',
    ]);
  });

  it('with parameters of other names or shapes names them all', () => {
    edit('"name": "layer_bias"', '"name": "layer_bios"');
    expect(failuresOf()).toEqual([
      'parameters-mismatch: layer "layer" needs parameter "layer_bias" of shape [5], which is missing',
      'parameters-mismatch: parameter "layer_bios" belongs to no layer',
    ]);
  });

  it('with offsets beyond the file takes no memory for them', () => {
    edit('"offset": 0', '"offset": 9000000000000000');
    expect(failuresOf()[0]).toMatch(/^model-truncated: /);
  });

  it('with an unknown kind of layer suggests a known one', () => {
    edit('"kind": "convolution"', '"kind": "convulution"');
    expect(failuresOf()).toEqual([
      'bad-model: in the graph, layer "before" is of the unknown kind "convulution" (did you mean "convolution"?)',
    ]);
  });

  it('with a value that is no number names the parameter', () => {
    const path = join(folder, 'parameters.bin');
    const bytes = readFileSync(path);
    bytes.writeFloatLE(NaN, 8);
    writeFileSync(path, bytes);
    expect(failuresOf()).toEqual([
      'parameter-not-finite: value 2 of parameter "before_weight" of layer "before" is NaN; a model holds finite numbers only',
    ]);
  });

  it('with a variance below 0 names the parameter and the layer', async () => {
    const graph = inferShapes({
      input: { channels: 2, height: 1, width: 1 },
      layers: [
        {
          name: 'bn',
          kind: 'batch-normalization',
          inputs: ['data'],
          attributes: { epsilon: 1e-3, momentum: 0.9, fixGamma: false },
        },
      ],
      outputs: ['bn'],
    });
    const parameters = new Map(
      graph.parameters.map(({ name, shape }) => [name, { name, shape, values: Float32Array.of(1, -0.5) }]),
    );
    const [failure] = await failuresBy(() => {
      checkValues(graph, parameters, 'x');
    });
    expect(failure).toMatchObject({
      code: 'negative-variance',
      message: 'value 1 of parameter "bn_moving_var" of layer "bn" is -0.5; a variance is 0 or more',
    });
  });
});
