import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { OnnxValueInfo } from '../../../../src/kit/codec/onnx/onnx-messages.ts';
import { type OnnxModel, onnxModel } from '../../../../src/kit/codec/onnx/onnx-model.ts';
import { Cursor } from '../../../../src/kit/codec/cursor.ts';
import { graphEmbedder, imagesOnCpu, loadEmbedder } from '../../../../src/kit/net/sessions/embedder.ts';
import type { Backend } from '../../../../src/kit/net/backends/backend.ts';
import { loadOnnxruntime, type Onnxruntime } from '../../../../src/kit/net/sessions/onnxruntime/load-onnxruntime.ts';
import { installedOnnxruntime } from '../../../../src/kit/net/engines/choose-engine.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { onnxBytes } from '../../../../src/kit/net/exchange/onnx/write-onnx.ts';
import type { Model } from '../../../../src/kit/net/model/model.ts';
import { graphSession } from '../../../../src/kit/net/sessions/graph-session.ts';
import { graphOnOnnxruntime } from '../../../../src/kit/net/sessions/open-session.ts';
import type { Embedder } from '../../../../src/kit/net/sessions/inference-session.ts';
import { failuresOf, temporaryFolder } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { referenceEngine } from '../backends/engines.ts';
import { familyParameters, smallFamilies } from '../backends/small-families.ts';
import { randomValues } from '../backends/small-networks.ts';

const onnxruntime = installedOnnxruntime();
const missing = onnxruntime.installed ? '' : ` (skipped: ${onnxruntime.reason})`;

/** Images as bytes, NHWC. */
function randomImages(count: number, { height, width }: { height: number; width: number }): Uint8Array {
  return Uint8Array.from(
    randomValues(count * height * width * 3, 5),
    (value) => Math.abs(Math.round(value * 97)) % 256,
  );
}

function familyModel(name: string): Model {
  const family = smallFamilies[name];
  if (family === undefined) throw new Error(`no family "${name}"`);
  return { shaped: inferShapes(family.graph), parameters: familyParameters(family), origin: {} };
}

/** The type of a feature map whose size is left open. */
function mapType(type: OnnxValueInfo['type']): NonNullable<OnnxValueInfo['type']> {
  const dimensions = ['N', 'C', 'H', 'W'].map((parameter) => ({ parameter }));
  return { tensorType: { elementType: type?.tensorType?.elementType ?? 1, shape: { dimensions } } };
}

describe.skipIf(!onnxruntime.installed)(`the onnxruntime engine${missing}`, () => {
  let engine: Onnxruntime;
  let reference: Backend;
  beforeAll(async () => {
    if (onnxruntime.installed) engine = loadOnnxruntime(onnxruntime.identity, { threads: 2 });
    reference = await referenceEngine();
  });

  async function expected(model: Model, pixels: Uint8Array, count: number): Promise<Float32Array> {
    const embedder = graphEmbedder(graphSession(reference, model), model.shaped);
    const rows = await embedder.embed(pixels, count);
    await embedder.dispose();
    return rows;
  }

  /** As {@link loadEmbedder} runs a model that is not an ONNX file. */
  async function embedderOf(model: Model, file: string): Promise<Embedder> {
    const options = { input: 'bytes', ownSizeOnly: true, maxBatchOnCpu: imagesOnCpu } as const;
    return graphEmbedder(await graphOnOnnxruntime(engine, { kind: 'graph', model, file }, options), model.shaped);
  }

  it.each(Object.keys(smallFamilies))(
    'embeds with a small "%s" as the reference does, whatever the batch',
    async (name) => {
      const model = familyModel(name);
      const pixels = randomImages(3, model.shaped.graph.input);
      const wanted = await expected(model, pixels, 3);
      const embedder = await embedderOf(model, name);
      expect(relativeDifference(await embedder.embed(pixels, 3), wanted)).toBeLessThan(1e-4);
      const first = await embedder.embed(pixels.subarray(0, pixels.length / 3), 1);
      expect(relativeDifference(first, wanted.subarray(0, embedder.embeddingSize))).toBeLessThan(1e-4);
      expect(embedder.computesWith).toBe('onnxruntime 1.30.0-cpu, CPUExecutionProvider, 2 threads');
      await embedder.dispose();
    },
  );

  it('computes more images than it takes at a time in parts', async () => {
    const model = familyModel('y1');
    const count = 35;
    const pixels = randomImages(count, model.shaped.graph.input);
    const embedder = await embedderOf(model, 'y1');
    const found = await embedder.embed(pixels, count);
    expect(found).toHaveLength(count * embedder.embeddingSize);
    expect(relativeDifference(found, await expected(model, pixels, count))).toBeLessThan(1e-4);
    await embedder.dispose();
  });

  /** A file as another program could have written it. */
  function foreignFile(
    input: 'planes' | 'bytes',
    change: (model: OnnxModel) => OnnxModel,
  ): { file: string; model: Model } {
    const model = familyModel('resnet');
    const decoded = onnxModel.decode(new Cursor(onnxBytes(model, { input }), 'foreign.onnx'));
    const file = join(temporaryFolder(), 'foreign.onnx');
    writeFileSync(file, onnxModel.encode(change(decoded)));
    return { file, model };
  }

  const withBatch =
    (batch: number) =>
    (model: OnnxModel): OnnxModel => {
      const fixed = (info: OnnxValueInfo): OnnxValueInfo => {
        const [, ...others] = info.type?.tensorType?.shape?.dimensions ?? [];
        const elementType = info.type?.tensorType?.elementType ?? 1;
        return { ...info, type: { tensorType: { elementType, shape: { dimensions: [{ value: batch }, ...others] } } } };
      };
      const { graph } = model;
      return { ...model, graph: { ...graph, inputs: graph.inputs.map(fixed), outputs: graph.outputs.map(fixed) } };
    };

  it.each([
    ['NCHW, float32, any batch', 'planes', (model: OnnxModel) => model],
    ['NCHW, float32, two at a time', 'planes', withBatch(2)],
    ['NHWC, uint8, any batch', 'bytes', (model: OnnxModel) => model],
    ['NHWC, uint8, four at a time', 'bytes', withBatch(4)],
  ] as const)('runs a foreign file (%s) as it is', async (_shape, input, change) => {
    const { file, model } = foreignFile(input, change);
    const pixels = randomImages(3, model.shaped.graph.input);
    const embedder = await loadEmbedder({ model: file, engine: engine.identity, threads: 2 });
    expect(embedder).toMatchObject({ height: 12, width: 12, embeddingSize: 8 });
    expect(relativeDifference(await embedder.embed(pixels, 3), await expected(model, pixels, 3))).toBeLessThan(1e-4);
    await embedder.dispose();
  });

  /** Without the nodes that normalise, and by another program: such a file does not tell how to normalise its input. */
  function silent(model: OnnxModel): OnnxModel {
    const { nodes } = model.graph;
    const [sub, mul] = ['Sub', 'Mul'].map((type) => nodes.find(({ opType }) => opType === type));
    const [pixels = ''] = sub?.inputs ?? [];
    const kept = nodes
      .filter((node) => node !== sub && node !== mul)
      .map((node) => ({ ...node, inputs: node.inputs.map((name) => (name === mul?.outputs[0] ? pixels : name)) }));
    return { ...model, producerName: 'pytorch', graph: { ...model.graph, nodes: kept } };
  }

  it('normalises for a file that does not, and turns the channels round', async () => {
    const { file, model } = foreignFile('planes', silent);
    const pixels = randomImages(2, model.shaped.graph.input);
    const prepared = pixels.map((_, index) => {
      const pixel = index - (index % 3);
      return 255 - (pixels[pixel + 2 - (index % 3)] ?? 0);
    });
    // ((255 - x) - 127.5) / 128
    const normalization = { mean: 127.5, scale: -1 / 128, colorOrder: 'bgr' } as const;
    const embedder = await loadEmbedder({ model: file, engine: engine.identity, threads: 1, normalization });
    expect(relativeDifference(await embedder.embed(pixels, 2), await expected(model, prepared, 2))).toBeLessThan(1e-4);
    await embedder.dispose();
  });

  it('neither guesses a normalisation nor does it twice, whatever the engine', async () => {
    const raw = { mean: 0, scale: 1, colorOrder: 'rgb' } as const;
    const usual = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' } as const;
    for (const identityOf of [engine.identity, reference.identity]) {
      const load = async (file: string, normalization?: typeof raw | typeof usual): Promise<void> => {
        await (await loadEmbedder({ model: file, engine: identityOf, threads: 1, normalization })).dispose();
      };
      const firstOf = async (...given: Parameters<typeof load>): Promise<unknown> =>
        (await failuresOf(() => load(...given)))[0];
      const { file } = foreignFile('planes', silent);
      expect(await firstOf(file)).toMatchObject({ code: 'normalization-unknown', at: { file } });
      await load(file, raw);
      const whole = foreignFile('planes', (model) => ({ ...model, producerName: 'pytorch' })).file;
      await load(whole);
      expect(await firstOf(whole, usual)).toMatchObject({ code: 'normalization-not-taken', at: { file: whole } });
    }
  });

  it('feeds no fractions to a network of bytes', async () => {
    const { file } = foreignFile('bytes', silent);
    const normalization = { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' } as const;
    const failures = await failuresOf(() =>
      loadEmbedder({ model: file, engine: engine.identity, threads: 1, normalization }),
    );
    expect(failures).toMatchObject([
      {
        code: 'normalization-not-taken',
        message: expect.stringContaining('takes integers 0..255 (uint8), which normalised pixels are not') as unknown,
      },
    ]);
  });

  it('names the weight and the node of a NaN, and every output of several', async () => {
    const failureOf = async (change: (model: OnnxModel) => OnnxModel): Promise<unknown> => {
      const { file } = foreignFile('planes', change);
      return (await failuresOf(() => loadEmbedder({ model: file, engine: engine.identity, threads: 1 })))[0];
    };
    const weightOf = ({ graph }: OnnxModel): string | undefined =>
      graph.nodes.find(({ opType }) => opType === 'Conv')?.inputs[1];
    const damaged = await failureOf((model) => {
      const initializers = model.graph.initializers.map((tensor) => {
        if (tensor.name !== weightOf(model)) return tensor;
        const rawData = Uint8Array.from(tensor.rawData ?? []);
        new DataView(rawData.buffer).setFloat32(8, NaN, true);
        return { ...tensor, rawData };
      });
      return { ...model, graph: { ...model.graph, initializers } };
    });
    expect(damaged).toMatchObject({ code: 'parameter-not-finite' });
    expect(damaged).toHaveProperty(
      'message',
      expect.stringMatching(/^value 2 of initializer "\w+", an input of node "\w+" \(Conv\), /),
    );
    const two = await failureOf((model) => {
      const inner = model.graph.nodes.find(({ opType }) => opType === 'Conv')?.outputs[0] ?? '';
      const maps = model.graph.outputs.map(({ type }) => ({ name: inner, type: mapType(type) }));
      return { ...model, graph: { ...model.graph, outputs: [...model.graph.outputs, ...maps] } };
    });
    expect(two).toMatchObject({ code: 'not-an-embedding' });
    expect(two).toHaveProperty('message', expect.stringMatching(/expected one output, found \w+, \w+$/));
  });

  it('refuses files that are none, are cut off, or do not embed, each with its name', async () => {
    const codeOf = async (model: string): Promise<unknown> => {
      const [failure] = await failuresOf(() => loadEmbedder({ model, engine: engine.identity, threads: 1 }));
      return [failure?.code, failure?.at?.file];
    };
    const { file } = foreignFile('planes', (decoded) => decoded);
    writeFileSync(file, Buffer.from('not a network'));
    expect(await codeOf(file)).toEqual(['onnx-not-loaded', file]);
    const cut = foreignFile('planes', (decoded) => decoded).file;
    writeFileSync(cut, readFileSync(cut).subarray(0, 3000));
    expect(await codeOf(cut)).toEqual(['onnx-not-loaded', cut]);
    const map = foreignFile('planes', (decoded) => {
      const inner = decoded.graph.nodes.find(({ opType }) => opType === 'Conv')?.outputs[0] ?? '';
      const outputs = decoded.graph.outputs.map(({ type }) => ({ name: inner, type: mapType(type) }));
      return { ...decoded, graph: { ...decoded.graph, outputs } };
    }).file;
    expect(await codeOf(map)).toEqual(['not-an-embedding', map]);
  });
});
