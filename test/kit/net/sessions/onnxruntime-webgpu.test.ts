import { writeFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { inferenceEngine, trainingEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import type { Graph } from '../../../../src/kit/net/graph/graph.ts';
import { inferShapes } from '../../../../src/kit/net/graph/infer-shapes.ts';
import { proposalNetwork } from '../../../../src/kit/net/mtcnn/cascade-graphs.ts';
import { openSession } from '../../../../src/kit/net/sessions/open-session.ts';
import { Rig } from '../../../e2e/rig.ts';
import { jpeg, printedFailure } from '../../dataset/tiny-faces.ts';
import { relativeDifference } from '../backends/compute-network.ts';
import { missingDevice, openDevice, whyNoDevice } from '../backends/graphics-processor.ts';
import { smallFamilies } from '../backends/small-families.ts';
import { randomParameters, randomPixels, smallNetworks } from '../backends/small-networks.ts';

const rig = new Rig();
afterAll(() => rig.dispose());

function engineOf(choice: 'onnxruntime-webgpu') {
  return inferenceEngine({ choice, override: undefined, stage: 'test' }).identity;
}

/** Few: the processor translates the programs of every layer for seconds. */
const families = ['resnet', 'densenet', 'y1'];

const graphs: Readonly<Record<string, Graph | undefined>> = {
  pnet: proposalNetwork({ height: 31, width: 44 }),
  ...smallNetworks,
  ...Object.fromEntries(families.map((name) => [name, smallFamilies[name]?.graph])),
};

/** What the provider has no kernel for, and a network of nothing else. */
const refused = ['softsign', 'the example of dropout'];
/** Of large values its tanh is not a number on SwiftShader. */
const small = ['tanh', 'the example of tanh'];

describe.skipIf(missingDevice !== undefined)(
  `a session of onnxruntime on WebGPU${whyNoDevice}`,
  { timeout: 300_000 },
  () => {
    it.each(Object.keys(graphs).filter((name) => !refused.includes(name)))(
      'computes %s as the cpu backend does, every layer on the device',
      async (name) => {
        openDevice();
        const graph = graphs[name];
        if (graph === undefined) throw new Error(`there is no ${name}`);
        const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 3) };
        const source = { kind: 'graph', model, file: name } as const;
        const { height, width, channels } = graph.input;
        const pixels = randomPixels(2 * height * width * channels, 1);
        const shape = [2, height, width, channels] as const;
        const images = { data: small.includes(name) ? pixels.map((value) => value / 64) : pixels, shape };
        const expected = await openSession(source, { engine: trainingEngine('cpu').identity, threads: 1 });
        const session = await openSession(source, { engine: engineOf('onnxruntime-webgpu'), threads: 1 });
        expect(session.computesWith).toMatch(/^onnxruntime \S+-webgpu, WebGpuExecutionProvider, /);
        const [found, wanted] = [await session.run(images), await expected.run(images)];
        expect([...found.keys()]).toEqual([...wanted.keys()]);
        for (const [output, { shape, data }] of wanted) {
          expect(found.get(output)?.shape).toEqual(shape);
          expect(relativeDifference(found.get(output)?.data ?? new Float32Array(), data)).toBeLessThan(1e-4);
        }
        await session.dispose();
        await expected.dispose();
      },
    );

    it('refuses what it would compute on the processor', async () => {
      openDevice();
      const graph = graphs['softsign'];
      if (graph === undefined) throw new Error('there is no softsign');
      const model = { shaped: inferShapes(graph), parameters: randomParameters(graph, 3) };
      const options = { engine: engineOf('onnxruntime-webgpu'), threads: 1 };
      expect(await printedFailure(() => openSession({ kind: 'graph', model, file: 'softsign' }, options))).toBe(
        'softsign: layers-not-on-device: WebGpuExecutionProvider of onnxruntime has no kernels for some layers of the network\n' +
          '  FLOW_ENGINE=onnxruntime computes all of them on processors; nothing is moved there in silence.',
      );
    });
  },
);

it('is refused where there is no graphics processor', { timeout: 60_000 }, async () => {
  writeFileSync(rig.path('one.jpg'), jpeg(1, 150));
  const call = ['embed', 'one.jpg', '--detector', 'none'];
  const { code, stderr } = await rig.flow(call, {
    ...{ FLOW_ENGINE: 'onnxruntime-webgpu', VK_ICD_FILENAMES: '/nowhere.json', VK_DRIVER_FILES: '/nowhere.json' },
  });
  expect(code).toBe(2);
  expect(stderr.slice(stderr.indexOf('engine-cannot-load'))).toBe(
    'engine-cannot-load: the onnxruntime engine cannot be loaded: its WebGPU provider finds no graphics processor\n' +
      '  On Linux it needs the Vulkan loader (libvulkan1) and the driver; FLOW_ENGINE=onnxruntime does without.\n',
  );
});

it('is an engine for what infers, and nothing that trains', () => {
  expect(engineOf('onnxruntime-webgpu').version).toMatch(/-webgpu$/);
  expect(() => trainingEngine('onnxruntime-webgpu')).toThrow('it infers only');
});
