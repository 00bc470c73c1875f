import type { LayerNode } from '../graph.ts';
import type { Pair } from '../layers/window.ts';

/** A layer in a few words: `conv 3x3, 64, /2`. A stride other than 1 is shown as `/2`. */
export function layerWords(node: LayerNode): string {
  switch (node.kind) {
    case 'convolution':
      return convolutionWords(node.attributes);
    case 'fully-connected':
      return `dense ${node.attributes.units}`;
    case 'batch-normalization':
      return 'batch norm';
    case 'prelu':
      return 'PReLU';
    case 'activation':
      return node.attributes.function;
    case 'pooling':
      return poolingWords(node.attributes);
    case 'dropout':
      return `dropout ${Math.round(100 * node.attributes.rate)} %`;
    case 'minus-scalar':
      return `- ${node.attributes.scalar}`;
    case 'multiply-scalar':
      return `* ${node.attributes.scalar}`;
    case 'slice':
      return `channels ${node.attributes.begin} to ${node.attributes.end - 1}`;
    case 'add':
      return 'sum';
    case 'multiply':
      return 'product';
    case 'concat':
    case 'equalize-norms':
    case 'flatten':
    case 'identity':
    case 'softmax':
      return node.kind.replace('-', ' ');
  }
}

type AttributesOf<Kind extends LayerNode['kind']> = Extract<LayerNode, { readonly kind: Kind }>['attributes'];

function convolutionWords({ filters, kernel, stride, groups }: AttributesOf<'convolution'>): string {
  const kind = groups === 1 ? 'conv' : groups === filters ? 'depthwise conv' : `conv in ${groups} groups`;
  return `${kind} ${kernel.join('x')}, ${filters}${strideWords(stride)}`;
}

function poolingWords({ function: what, global, kernel, stride }: AttributesOf<'pooling'>): string {
  const name = what === 'max' ? 'max' : 'mean';
  return global ? `${name} over image` : `${name} pool ${kernel.join('x')}${strideWords(stride)}`;
}

function strideWords([height, width]: Pair): string {
  if (height === 1 && width === 1) return '';
  return height === width ? `, /${height}` : `, /${height}x${width}`;
}
