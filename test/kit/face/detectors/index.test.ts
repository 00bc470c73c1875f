import { describe, expect, it } from 'vitest';
import { type DetectorChoice, openDetector } from '../../../../src/kit/face/detectors/index.ts';
import { inferenceEngine } from '../../../../src/kit/net/engines/choose-engine.ts';
import { otherEngines } from '../../net/backends/engines.ts';
import { detectorSuite, drawnImage, expectNear } from './detector-suite.ts';

const images = [drawnImage(64, 48, 1), drawnImage(37, 53, 2)];
const onnxruntime = inferenceEngine({ choice: 'onnxruntime', override: undefined, stage: 'test' }).identity;
const arithmetics = ['mxnet', 'tensorflow'] as const;

/** With thresholds so low that noise is taken for faces. */
function mtcnn(arithmetic: (typeof arithmetics)[number]): DetectorChoice<'mtcnn'> {
  return {
    ...{ name: 'mtcnn', arithmetic, thresholds: [0.02, 0, 0], minimumSize: 20, factor: 0.709 },
    ...{ singleProposal: 'mirrored', refinePoints: false, crops: 'rnet-onet' },
  };
}

for (const arithmetic of arithmetics) {
  const open = (): ReturnType<typeof openDetector> =>
    openDetector(mtcnn(arithmetic), { engine: onnxruntime, threads: 1 });
  detectorSuite(`mtcnn as on ${arithmetic}`, open, images);
}

describe('mtcnn', () => {
  const engines = otherEngines().filter(({ name }) => name !== 'webgpu');
  it.each(engines)('finds the same on $name as on onnxruntime', async (engine) => {
    const choice = mtcnn('mxnet');
    const [ours, theirs] = await Promise.all(
      [engine, onnxruntime].map((each) => openDetector(choice, { engine: each, threads: 1 })),
    );
    const [image = drawnImage(1, 1, 1)] = images;
    const [found] = (await ours?.detect([image])) ?? [];
    const [wanted] = (await theirs?.detect([image])) ?? [];
    expect(wanted?.length).toBeGreaterThan(0);
    expectNear(found, wanted);
    await Promise.all([ours?.dispose(), theirs?.dispose()]);
  });
});
