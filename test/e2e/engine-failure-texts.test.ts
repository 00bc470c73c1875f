import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeVerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { GraphBuilder } from '../../src/kit/net/graph/graph-builder.ts';
import { installedOnnxruntime } from '../../src/kit/net/engines/choose-engine.ts';
import { modelFormatNamed } from '../../src/kit/net/exchange/choose-format.ts';
import { inferShapes } from '../../src/kit/net/graph/infer-shapes.ts';
import { jpeg } from '../kit/dataset/tiny-faces.ts';
import { randomParameters } from '../kit/net/backends/small-networks.ts';
import { linearModel, side } from '../stages/linear-model.ts';
import { failuresOfStages, type StageCall } from './printed-failures.ts';
import { Rig } from './rig.ts';

/** Failures of the engine onnxruntime and of the files that it runs as they are, as a run prints them. */
let rig: Rig;

const onnxruntime = installedOnnxruntime();
const reason = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;
const environment = { FLOW_ENGINE: 'onnxruntime' };
const verifying = (model: string): StageCall => ({ uses: 'verify', with: { model, pairs: 'pairs.bin', folds: 2 } });

beforeAll(() => {
  rig = new Rig();
  const images = Array.from({ length: 4 }, (_, index) => jpeg(index, side));
  writeVerificationSet(rig.path('pairs.bin'), { images, same: [true, false] });
});

afterAll(async () => {
  await rig.dispose();
});

/** A network that gives feature maps. */
function writeMaps(path: string): void {
  const builder = new GraphBuilder();
  const shifted = builder.add('minus-scalar', 'minus', builder.data, { scalar: 127.5 });
  const graph = builder.build({ channels: 3, height: side, width: side }, shifted);
  const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 1), origin: {} };
  modelFormatNamed('onnx').write?.(rig.path(path), model, {});
}

describe.skipIf(reason !== '')(`of onnxruntime${reason}`, () => {
  it('onnx-not-loaded and not-an-embedding', async () => {
    rig.write('damaged.onnx', 'not a network');
    writeMaps('maps.onnx');
    const printed = await failuresOfStages(
      rig,
      { damaged: verifying('damaged.onnx'), maps: verifying('maps.onnx') },
      environment,
    );
    expect(printed.get('damaged')).toMatchInlineSnapshot(`
      "<workspace>/damaged.onnx: onnx-not-loaded: onnxruntime (CPUExecutionProvider) does not take the network: Load model from <workspace>/damaged.onnx failed:Protobuf parsing failed.
        The file is damaged, or made of operators that onnxruntime does not have; flow inspect shows its content."
    `);
    expect(printed.get('maps')).toMatchInlineSnapshot(`
      "<workspace>/maps.onnx: not-an-embedding: the network does not embed faces: output "minus" should have one row per image, found shape [1, 3, 8, 8]
        Such a network takes images and computes a row of numbers for each; flow inspect shows inputs and outputs."
    `);
  });
  it('engine-cannot-load', async () => {
    linearModel(rig.path('model'));
    const preload = new URL('../fixtures/preload/break-package.mjs', import.meta.url).href;
    const printed = await failuresOfStages(
      rig,
      {
        task: {
          ...verifying('model'),
          env: { NODE_OPTIONS: `--import=${preload}`, BREAK_PACKAGE: 'onnxruntime-node' },
        },
      },
      environment,
    );
    expect(printed.get('task')).toMatchInlineSnapshot(`
      "engine-cannot-load: the onnxruntime engine cannot be loaded: libstdc++.so.6: cannot open shared object file
        Run npm ci, which installs it; FLOW_ENGINE=tensorflow or wasm runs without it."
    `);
  });
});
