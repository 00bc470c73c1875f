import { countOfBlob, layersOfNet } from '../codec/caffe/layers-of-net.ts';
import type { NetParameter } from '../codec/caffe/schema.ts';
import { type Fact, tally } from './inspection.ts';

/** What a network of Caffe holds. */
export function describeNet(net: NetParameter): { readonly facts: readonly Fact[] } {
  const layers = layersOfNet(net);
  const blobs = layers.flatMap((layer) => layer.blobs ?? []);
  const types = layers.map(({ type }) => type ?? 'none');
  const weights = blobs.reduce((sum, blob) => sum + countOfBlob(blob), 0);
  return {
    facts: [
      { name: 'name', value: net.name ?? 'none' },
      { name: 'layers', value: layers.length },
      { name: 'types', value: layers.length === 0 ? 'none' : tally(types, 8) },
      { name: 'generation of layers', value: (net.layers?.length ?? 0) > 0 ? 'first (V1)' : 'second' },
      { name: 'arrays', value: blobs.length },
      { name: 'numbers', value: weights },
    ],
  };
}
