import { basename } from 'node:path';
import { digestOf } from '../../../core/digest.ts';
import { readBytes } from '../../codec/read-file.ts';
import type { Model } from '../../net/model/model.ts';
import { readMtcnn, type MtcnnModels } from '../../net/mtcnn/network-files.ts';
import type { InferenceSession } from '../../net/sessions/inference-session.ts';
import { openSession } from '../../net/sessions/open-session.ts';
import type { RgbImage } from '../../image/rgb-image.ts';
import type { Detector, DetectorKind, DetectorResources } from './detector.ts';
import { fullFrame, type FullFrameOption } from './full-frame.ts';
import { Cascade, type CascadeSessions } from './mtcnn/cascade.ts';
import { mxnetArithmetic } from './mtcnn/mxnet-arithmetic.ts';
import { tensorflowArithmetic } from './mtcnn/tensorflow-arithmetic.ts';
import { tintedIfGrey } from './mtcnn/tint-grey.ts';

export interface MtcnnOptions extends FullFrameOption {
  readonly arithmetic: 'mxnet' | 'tensorflow';
  readonly minimumSize: number;
  readonly factor: number;
  readonly thresholds: readonly number[];
  readonly singleProposal: 'mirrored' | 'plain';
  readonly refinePoints: boolean;
  readonly crops: 'rnet-onet' | 'onet';
  readonly greyImages: 'tinted' | 'as-they-are';
}

const arithmetics = { mxnet: mxnetArithmetic, tensorflow: tensorflowArithmetic } as const;

/**
 * MTCNN with the arithmetic of either of its two implementations in the 2018 system, which share their weights. `weights`:
 * a folder with det1 to det3 (and det4, if points are refined), a manifest of face-api, or none: what comes with the product.
 */
export const mtcnn: DetectorKind<MtcnnOptions> = {
  summary: 'MTCNN: the cascade of three networks that the 2018 system aligns with; its weights come with faceflow.',
  options: {
    arithmetic: {
      enum: ['mxnet', 'tensorflow'],
      default: 'mxnet',
      description:
        "That of the deployment, on MXNet, or of the data's preparation, on TensorFlow: rounding, resizing, edges.",
    },
    minimumSize: {
      type: 'number',
      minimum: 12,
      default: 20,
      description: 'Side in pixels of the smallest faces that are looked for.',
    },
    factor: {
      type: 'number',
      exclusiveMinimum: 0,
      maximum: 0.99,
      default: 0.709,
      description: 'Of one image of the pyramid to the one before.',
    },
    thresholds: {
      type: 'array',
      items: { type: 'number', minimum: 0, maximum: 1 },
      maxItems: 3,
      default: [],
      description: 'Of PNet, RNet, ONet. Empty: 0.6, 0.7, 0.8 on MXNet, 0.6, 0.7, 0.7 on TensorFlow.',
    },
    singleProposal: {
      enum: ['mirrored', 'plain'],
      default: 'mirrored',
      description:
        'tensorflow only: where PNet proposes one window in an image of the pyramid, its shift is read from the opposite column, as in the original; or from its own.',
    },
    refinePoints: {
      type: 'boolean',
      default: false,
      description: 'LNet (det4) moves the points, which become whole pixels (accurate_landmark).',
    },
    crops: {
      enum: ['rnet-onet', 'onet'],
      default: 'rnet-onet',
      description: 'The networks of limited detection, in images that are crops around a face (det_type 2 or 1).',
    },
    greyImages: {
      enum: ['tinted', 'as-they-are'],
      default: 'tinted',
      description:
        'Images without colours are looked at in the colours of skin, in which the networks miss fewer faces; or as they are, as the original does.',
    },
    fullFrame,
  },
  async open(options, resources) {
    const models = readMtcnn(resources.weights, { refinesPoints: options.refinePoints });
    const sessions = await openSessions(models, resources);
    return detectorOf(new Cascade(sessions, cascadeSettings(options)), { options, models, sessions });
  },
};

function cascadeSettings(options: MtcnnOptions): ConstructorParameters<typeof Cascade>[1] {
  const arithmetic = arithmetics[options.arithmetic];
  const [first, second, third] = arithmetic.thresholds;
  const [pnet = first, rnet = second, onet = third] = options.thresholds;
  return {
    ...{ arithmetic, minimumSize: options.minimumSize, factor: options.factor, thresholds: [pnet, rnet, onet] },
    mirrorsSingle: options.arithmetic === 'tensorflow' && options.singleProposal === 'mirrored',
    refinesCrops: options.crops === 'rnet-onet',
  };
}

async function openSessions(models: MtcnnModels, { engine, threads }: DetectorResources): Promise<CascadeSessions> {
  const open = (model: Model, ownSizeOnly: boolean): Promise<InferenceSession> => {
    const [file = ''] = models.files;
    return openSession({ kind: 'graph', model, file }, { engine, threads, ownSizeOnly });
  };
  return {
    pnet: await open(models.pnet, false),
    rnet: await open(models.rnet, true),
    onet: await open(models.onet, true),
    lnet: models.lnet === undefined ? undefined : await open(models.lnet, true),
  };
}

interface OpenedMtcnn {
  readonly options: MtcnnOptions;
  readonly models: MtcnnModels;
  readonly sessions: CascadeSessions;
}

function detectorOf(cascade: Cascade, { options, models, sessions }: OpenedMtcnn): Detector {
  const { pnet, rnet, onet, lnet } = sessions;
  const shown = options.greyImages === 'tinted' ? tintedIfGrey : (image: RgbImage): RgbImage => image;
  const digests = models.files.map((file) => [basename(file), digestOf(readBytes(file, 'weights'))] as const);
  return {
    identity: { name: 'mtcnn', options: { ...options }, weights: Object.fromEntries(digests) },
    computesWith: pnet.computesWith,
    detect: (images, settings = {}) => cascade.detect(images.map(shown), settings),
    refineCrops: (images, settings = {}) => cascade.refineCrops(images.map(shown), settings),
    refineBoxes: (boxed, settings = {}) =>
      cascade.refineBoxes(
        boxed.map(({ image, box }) => ({ image: shown(image), box })),
        settings,
      ),
    async dispose() {
      for (const session of [pnet, rnet, onet, lnet]) await session?.dispose();
    },
  };
}
