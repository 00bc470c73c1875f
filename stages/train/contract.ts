// Generated from stage.json by `npm run generate`; not to be edited.

export interface Params {
  /** The embedding network and its options. */
  readonly network:
    | {
        /** MobileFaceNet: 1 million parameters, the network of the quickstart. */
        readonly name: 'y1';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** Share of the old moving statistics that a step keeps. */
        readonly bnMomentum: number;
      }
    | {
        /** LResNet18E-IR: residual network of depth 18. */
        readonly name: 'r18';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet34E-IR: residual network of depth 34. */
        readonly name: 'r34';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet49E-IR: residual network of depth 49. */
        readonly name: 'r49';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet50E-IR: residual network of depth 50. */
        readonly name: 'r50';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet74E-IR: residual network of depth 74. */
        readonly name: 'r74';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet90E-IR: residual network of depth 90. */
        readonly name: 'r90';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet100E-IR: residual network of depth 100. */
        readonly name: 'r100';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet101E-IR: residual network of depth 101. */
        readonly name: 'r101';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation' | 'resnext';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet152E-IR: residual network of depth 152. */
        readonly name: 'r152';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation' | 'resnext';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet200E-IR: residual network of depth 200. */
        readonly name: 'r200';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation' | 'resnext';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** LResNet269E-IR: residual network of depth 269. */
        readonly name: 'r269';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
        /** Order of a residual unit: --version-unit 3, 1, 2; resnext is 3 with 32 groups (--version-input 2). */
        readonly unit: 'improved' | 'post-activation' | 'pre-activation' | 'resnext';
        /** What follows the normalisations (--version-act). */
        readonly activation: 'prelu' | 'relu' | 'sigmoid' | 'tanh' | 'softrelu' | 'softsign';
        /** Every unit weights its channels by what is in the whole image (--version-se). */
        readonly squeezeExcitation: boolean;
      }
    | {
        /** MobileNet v1 with PReLU: depthwise and 1x1 convolutions in turn. */
        readonly name: 'm1';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** MobileNet v2: inverted residual units with linear bottlenecks. */
        readonly name: 'm2';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** DenseNet-BC of depth 121: every unit takes the outputs of all units before it in its block. */
        readonly name: 'd121';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** DenseNet-BC of depth 169: every unit takes the outputs of all units before it in its block. */
        readonly name: 'd169';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** DenseNet-BC of depth 201: every unit takes the outputs of all units before it in its block. */
        readonly name: 'd201';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** DenseNet-BC of depth 161: every unit takes the outputs of all units before it in its block. */
        readonly name: 'd161';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** Dual Path Network of depth 68: a residual path beside a dense one, with grouped convolutions. */
        readonly name: 'p68';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** Dual Path Network of depth 92: a residual path beside a dense one, with grouped convolutions. */
        readonly name: 'p92';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** Dual Path Network of depth 107: a residual path beside a dense one, with grouped convolutions. */
        readonly name: 'p107';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** Dual Path Network of depth 131: a residual path beside a dense one, with grouped convolutions. */
        readonly name: 'p131';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** Inception-ResNet-v2: residual blocks of several branches. */
        readonly name: 'i2';
        /** Length of the embedding. */
        readonly embeddingSize: number;
        /** How the embedding is made of the last feature map: the letter of --version-output, GDC or GNAP. */
        readonly head:
          'E' | 'A' | 'B' | 'C' | 'D' | 'F' | 'G' | 'H' | 'I' | 'J' | 'AX' | 'BX' | 'CX' | 'DX' | 'GDC' | 'GNAP';
        /** The first layers make the image smaller, as for images of 224 (--version-input 0); off: for faces of 112. */
        readonly earlyDownsampling: boolean;
      }
    | {
        /** SphereNet of depth 20: residual pairs of convolutions without normalisation. */
        readonly name: 's20';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** SphereNet of depth 36: residual pairs of convolutions without normalisation. */
        readonly name: 's36';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** SphereNet of depth 60: residual pairs of convolutions without normalisation. */
        readonly name: 's60';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** SphereNet of depth 64: residual pairs of convolutions without normalisation. */
        readonly name: 's64';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      }
    | {
        /** SphereNet of depth 104: residual pairs of convolutions without normalisation. */
        readonly name: 's104';
        /** Length of the embedding. */
        readonly embeddingSize: number;
      };
  /** The loss and its options. */
  readonly loss:
    | {
        /** Softmax over a linear classifier with bias. */
        readonly name: 'softmax';
      }
    | {
        /** Additive angular margin on normalised embeddings and centres. */
        readonly name: 'arcface';
        /** Additive angular margin in radians. */
        readonly margin: number;
        /** Factor of the cosines. */
        readonly scale: number;
        /** Apply the margin only where the angle is below a right angle. */
        readonly easyMargin: boolean;
      };
  readonly optimizer: {
    /** Initial learning rate. */
    readonly learningRate: number;
    /** Momentum of SGD. */
    readonly momentum: number;
    /** L2 decay; acts on every parameter, as in the 2018 system. */
    readonly weightDecay: number;
  };
  readonly schedule: {
    /** Batches to train. */
    readonly maxSteps: number;
    /** Batches after which the learning rate is multiplied by 0.1. */
    readonly steps: readonly number[];
    /** Batches over which the learning rate rises linearly from 0; 0 as in the 2018 system. */
    readonly warmupSteps: number;
  };
  /** Images per step. */
  readonly batch: number;
  /** Flip each image left to right with probability 1/2. */
  readonly mirror: boolean;
  /** Steps between verifications of the validation sets. */
  readonly verifyEverySteps: number;
  /** Steps between checkpoints. */
  readonly checkpointEverySteps: number;
  /** Steps between points of the curves. */
  readonly logEverySteps: number;
}

/** Absolute paths of what the stage reads. */
export interface Inputs {
  /** The packed training set. */
  readonly dataset: string;
  /** Verification sets to watch while training. */
  readonly validation: readonly string[];
  /** A model whose parameters of equal name are the start. */
  readonly pretrained: string | undefined;
}

/** Absolute paths of what the stage has to write. */
export interface Outputs {
  /** The embedding network, without its classifier. */
  readonly model: string;
  /** Loss, accuracy, learning rate and verification over the steps. */
  readonly log: string;
}
