import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EngineHandle } from '../../../src/net/engines/engine-handle.ts';
import { inferGraph } from '../../../src/net/infer-graph.ts';
import type { Model } from '../../../src/net/model-folder.ts';
import { convertModel, type ModelConversion } from '../../../src/net/model-formats/convert-model.ts';
import { modelFormats } from '../../../src/net/model-formats/index.ts';
import type { ModelFormat } from '../../../src/net/model-formats/model-format.ts';
import { referenceEngine } from '../engines/engines.ts';
import { randomParameters, smallNetworks } from '../engines/small-networks.ts';

const work = mkdtempSync(join(tmpdir(), 'convert-'));
afterAll(() => {
  rmSync(work, { recursive: true });
});

let engine: EngineHandle;
beforeAll(async () => {
  engine = await referenceEngine();
});

/** Writes archives in which one value of one parameter is another by a thousandth. */
const careless: ModelFormat = {
  ...modelFormats.npz,
  write(path: string, model: Model) {
    const parameters = new Map(model.parameters);
    const [name = '', array] = [...parameters][0] ?? [];
    if (array === undefined) throw new Error('a network without parameters');
    parameters.set(name, {
      ...array,
      values: array.values.map((value, index) => (index === 0 ? value * 1.001 : value)),
    });
    modelFormats.npz.write(path, { ...model, parameters });
  },
};

function conversionTo(format: ModelFormat, limit: number): ModelConversion {
  const graph = smallNetworks['convolution 3x3, padded'];
  if (graph === undefined) throw new Error('the small network has gone');
  const from = join(work, 'model');
  modelFormats.folder.write(from, { inferred: inferGraph(graph), parameters: randomParameters(graph, 1), origin: {} });
  return {
    from: { format: modelFormats.folder, path: from, options: {} },
    to: { format, path: join(work, 'model.npz'), options: {} },
    slim: false,
    limit,
    seed: 1,
  };
}

describe('a conversion', () => {
  it('of the same weights gives the same values', () => {
    const { outputs } = convertModel(conversionTo(modelFormats.npz, 0), engine);
    expect(outputs).toMatchObject([{ layer: 'layer', shape: [5, 9, 8], greatestDifference: 0, relativeDifference: 0 }]);
    expect(outputs[0]?.greatestValue).toBeGreaterThan(0);
  });

  it('that loses a thousandth of one weight is noticed and refused above the limit, naming the layer', () => {
    const [output] = convertModel(conversionTo(careless, 1), engine).outputs;
    expect(output?.relativeDifference).toBeGreaterThan(1e-6);
    expect(() => convertModel(conversionTo(careless, 1e-7), engine)).toThrow(/other values for layer "layer"/);
  });
});
