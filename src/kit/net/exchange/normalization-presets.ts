import type { InputNormalization } from './model-format.ts';

/** What the programs of well-known networks feed them, by name. */
export const normalizationPresets = {
  /** insightface's ONNX files and arcface_torch: (value - 127.5) / 127.5, RGB. */
  'arcface-onnx': { mean: 127.5, scale: 1 / 127.5, colorOrder: 'rgb' },
  /** AdaFace (mk-minchul/AdaFace, inference.py): the same in BGR. */
  'adaface-bgr': { mean: 127.5, scale: 1 / 127.5, colorOrder: 'bgr' },
  /** FaceNet with a fixed standardisation (davidsandberg/facenet, facenet.py; facenet-pytorch): (value - 127.5) / 128, RGB. */
  facenet: { mean: 127.5, scale: 1 / 128, colorOrder: 'rgb' },
  /** Networks of torchvision: mean and deviation of each channel of ImageNet, RGB. */
  imagenet: {
    mean: [123.675, 116.28, 103.53],
    scale: [1 / 58.395, 1 / 57.12, 1 / 57.375],
    colorOrder: 'rgb',
  },
} as const satisfies Record<string, InputNormalization>;

/** A preset by its name, or what is done to the images itself. */
export type NormalizationChoice = keyof typeof normalizationPresets | InputNormalization;

export function chosenNormalization(choice: NormalizationChoice | undefined): InputNormalization | undefined {
  return typeof choice === 'string' ? normalizationPresets[choice] : choice;
}
