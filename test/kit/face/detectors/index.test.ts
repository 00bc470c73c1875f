import { describe, expect, it } from 'vitest';
import { type DetectorChoice, openDetector } from '../../../../src/kit/face/detectors/index.ts';
import { tintedIfGrey } from '../../../../src/kit/face/detectors/mtcnn/tint-grey.ts';
import type { RgbImage } from '../../../../src/kit/image/rgb-image.ts';
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
    ...{
      singleProposal: 'mirrored',
      refinePoints: false,
      crops: 'rnet-onet',
      greyImages: 'as-they-are',
      fullFrame: false,
    },
  };
}

for (const arithmetic of arithmetics) {
  const open = (): ReturnType<typeof openDetector> =>
    openDetector(mtcnn(arithmetic), { engine: onnxruntime, threads: 1 });
  detectorSuite(`mtcnn as on ${arithmetic}`, open, images);
}

describe('mtcnn', () => {
  const engines = otherEngines();
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

  it('shows its networks grey images in the colours of skin, unless they are to be as they are', async () => {
    const open = (greyImages: 'tinted' | 'as-they-are') =>
      openDetector({ ...mtcnn('mxnet'), greyImages }, { engine: onnxruntime, threads: 1 });
    const [tinting, plain] = await Promise.all([open('tinted'), open('as-they-are')]);
    const drawn = drawnImage(64, 48, 1);
    const grey = { ...drawn, data: drawn.data.map((_, at) => drawn.data[at - (at % 3)] ?? 0) };
    const box = { left: 4, top: 4, right: 40, bottom: 40 };
    expect(await tinting.detect([grey])).toEqual(await plain.detect([tintedIfGrey(grey)]));
    expect(await tinting.detect([grey])).not.toEqual(await plain.detect([grey]));
    expect(await tinting.detect([drawn])).toEqual(await plain.detect([drawn]));
    for (const refine of ['refineCrops', 'refineBoxes'] as const) {
      const refined = async (detector: typeof plain, image: RgbImage) =>
        refine === 'refineCrops' ? detector.refineCrops?.([image]) : detector.refineBoxes?.([{ image, box }]);
      expect(await refined(tinting, grey)).toEqual(await refined(plain, tintedIfGrey(grey)));
      expect(await refined(tinting, grey)).not.toEqual(await refined(plain, grey));
    }
    await Promise.all([tinting.dispose(), plain.dispose()]);
  });
});
