import { fail } from '../../../core/failure.ts';
import { type Graph, inputName, type LayerNode } from '../graph/graph.ts';
import type { InputNormalization } from './model-format.ts';

/** For failures: by stage parameter and by option of the command line. */
const hint =
  'Give it: the stage parameter "normalization", or --mean and --scale. ArcFace models of today want mean 127.5, ' +
  'scale 0.00784313725; mean 0, scale 1 takes 0..255 as they are.';

/** Layers that only move pixels to another place. */
const movers: readonly string[] = ['identity', 'slice', 'concat', 'flatten'];
const weighted: readonly string[] = ['convolution', 'fully-connected'];
const normalizers: readonly string[] = ['minus-scalar', 'multiply-scalar', 'batch-normalization'];

/**
 * A foreign network whose first layer with weights sees the pixels as they are was fed something else in training, and
 * gives nonsense for 0..255. Fails with `normalization-unknown` rather than to guess what that was.
 */
export function checkNormalizes({ layers }: Graph, file: string): void {
  const first = firstOnPixels(layers);
  if (first !== undefined && weighted.includes(first.kind)) refuseUnknown(first.name, file);
}

/** Fails with `normalization-not-taken` where a network normalises its images itself and is to be fed normalised ones. */
export function checkNormalizedOnce({ layers }: Graph, normalization: InputNormalization, file: string): void {
  const first = firstOnPixels(layers);
  if (changesValues(normalization) && first !== undefined && normalizers.includes(first.kind)) {
    refuseTwice(first.name, first.kind, file);
  }
}

/** False for 0..255 as they are, in either order of the channels. */
export function changesValues({ mean, scale }: InputNormalization): boolean {
  return mean !== 0 || scale !== 1;
}

export function refuseUnknown(layer: string, file: string): never {
  fail({
    code: 'normalization-unknown',
    message: `Layer "${layer}" takes the pixels as they come, and the file does not say how they are to be normalised.`,
    at: { file },
    hint,
  });
}

export function refuseTwice(layer: string, kind: string, file: string): never {
  fail({
    code: 'normalization-not-taken',
    message: `Layer "${layer}" (${kind}) normalises the pixels; a normalisation before it would be a second one.`,
    at: { file },
    hint: 'Leave mean and scale out: the network takes 0..255 as they are.',
  });
}

/** The first layer that computes with the pixels. */
function firstOnPixels(layers: readonly LayerNode[]): LayerNode | undefined {
  const pixels = new Set([inputName]);
  for (const layer of layers) {
    if (!layer.inputs.some((input) => pixels.has(input))) continue;
    if (!movers.includes(layer.kind)) return layer;
    pixels.add(layer.name);
  }
  return undefined;
}
