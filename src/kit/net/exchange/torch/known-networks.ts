import type { InputNormalization } from '../model-format.ts';
import { mobileFaceNetwork } from './mobile-face-network.ts';
import { iresnet, irNetwork } from './residual-networks.ts';
import type { TensorGraph } from './tensor-graph.ts';

/** How a program keeps and feeds a network of faces. */
export interface KnownNetwork {
  readonly title: string;
  /** A tensor that no other kind of network has. */
  readonly sign: string;
  /** Names of the parts of the network: what else there is beside them belongs to something else. */
  readonly parts: readonly string[];
  /** The fully connected layer, whose inputs tell the size of the image. */
  readonly dense: string;
  /** A tensor with as many numbers as the map before that has channels. */
  readonly channels: string;
  /** The weight of a convolution over the whole map, in place of the two above, of networks that end in one. */
  readonly window?: string;
  readonly build: (graph: TensorGraph) => string;
  /** The programs that use it; the first that fits. */
  readonly programs: readonly Program[];
}

export interface Program {
  readonly title: string;
  /** Whether a checkpoint with this before the names of its tensors is of this program. */
  readonly fits: (found: { readonly prefix: string; readonly has: (tensor: string) => boolean }) => boolean;
  /** Of its batch normalisations. */
  readonly epsilon: number;
  /** What it feeds the network; undefined where its users differ. */
  readonly normalization: InputNormalization | undefined;
  /** For people: what a checkpoint does not tell. */
  readonly note?: string;
}

const symmetric = { mean: 127.5, scale: 1 / 127.5, colorOrder: 'rgb' } as const;
const anyone = (): boolean => true;
const inNet = ({ prefix }: { readonly prefix: string }): boolean => /(^|\.)net\.$/.test(prefix);

const cvlface = {
  title: 'CVLface',
  fits: inNet,
  epsilon: 1e-5,
  normalization: symmetric,
  note: 'It is taken as one of CVLface, which feeds RGB; if the color_space of its config is BGR, set the order of the channels to bgr.',
} as const satisfies Program;

/** Networks whose layers are known by the names of their tensors. Sources: the programs' own, named with each. */
export const knownNetworks: readonly KnownNetwork[] = [
  {
    title: 'iresnet of arcface_torch, MagFace and CVLface',
    sign: 'layer1.0.prelu.weight',
    parts: ['conv1', 'bn1', 'prelu', 'layer1', 'layer2', 'layer3', 'layer4', 'bn2', 'fc', 'features'],
    dense: 'fc.weight',
    channels: 'bn2.running_mean',
    build: iresnet,
    programs: [
      {
        // IrvingMeng/MagFace: models/iresnet.py, inference/gen_feat.py (OpenCV's BGR, ToTensor alone).
        title: 'MagFace',
        fits: ({ prefix }) => /(^|\.)features\.(module\.)?$/.test(prefix),
        epsilon: 2e-5,
        normalization: { mean: 0, scale: 1 / 255, colorOrder: 'bgr' },
      },
      cvlface,
      // deepinsight/insightface: recognition/arcface_torch/backbones/iresnet.py, dataset.py.
      { title: 'arcface_torch', fits: anyone, epsilon: 1e-5, normalization: symmetric },
    ],
  },
  {
    title: 'IR and IR-SE of AdaFace, CVLface, face.evoLVe and InsightFace_Pytorch',
    sign: 'body.0.res_layer.0.running_mean',
    parts: ['input_layer', 'body', 'output_layer'],
    dense: 'output_layer.3.weight',
    channels: 'output_layer.0.running_mean',
    build: irNetwork,
    programs: [
      // mk-minchul/CVLface: run_v1/models/iresnet.
      cvlface,
      {
        title: 'face.evoLVe or InsightFace_Pytorch',
        fits: ({ has }) => has('output_layer.4.weight'),
        epsilon: 1e-5,
        normalization: undefined,
      },
      {
        // mk-minchul/AdaFace: net.py, inference.py (BGR).
        title: 'AdaFace',
        fits: anyone,
        epsilon: 1e-5,
        normalization: { ...symmetric, colorOrder: 'bgr' },
        note: 'The embedding is the one before it is divided by its norm, which AdaFace returns beside it.',
      },
    ],
  },
  {
    title: 'MobileFaceNet of arcface_torch',
    sign: 'features.layers.0.layers.0.weight',
    parts: ['layers', 'conv_sep', 'features'],
    dense: 'features.layers.2.weight',
    channels: 'features.layers.0.layers.1.running_mean',
    window: 'features.layers.0.layers.0.weight',
    build: mobileFaceNetwork,
    programs: [
      // deepinsight/insightface: recognition/arcface_torch/backbones/mobilefacenet.py.
      { title: 'arcface_torch', fits: anyone, epsilon: 1e-5, normalization: symmetric },
    ],
  },
];
