import type { ShapedGraph } from '../graph/shaped-graph.ts';
import type { NamedArray } from '../model/model.ts';
import type { MtcnnNetwork } from './cascade-graphs.ts';
import { orientedWeights, type TrainedArray, type TrainedLayout } from './oriented-weights.ts';

/** Of the first filter, of BGR planes: its first row in blue, and its upper left corner in blue, green and red. */
interface Fingerprint {
  readonly array: string;
  readonly row: readonly [number, number, number];
  readonly corner: readonly [number, number, number];
}

/** The authors' weights, turned to what our graphs take. */
const fingerprints: Readonly<Record<MtcnnNetwork, Fingerprint>> = {
  pnet: {
    array: 'conv1_weight',
    row: [-0.1368896, 0.01641168, 0.03367944],
    corner: [-0.1368896, -0.2663099, -0.08164716],
  },
  rnet: {
    array: 'conv1_weight',
    row: [-0.303838, -0.02540975, 0.217041],
    corner: [-0.303838, -0.3990938, -0.5031552],
  },
  onet: {
    array: 'conv1_weight',
    row: [0.3310116, 0.3621568, 0.1379298],
    corner: [0.3310116, 0.4697174, 0.4814697],
  },
  lnet: {
    array: 'conv1_1_weight',
    row: [-0.0947039, -0.0939831, -0.0579157],
    corner: [-0.0947039, -0.0370293, -0.05377],
  },
};

const tolerance = 1e-6;

/** The weights of a network, turned to what our graphs take, and from which layout. */
export interface OrientedNetwork {
  readonly layout: TrainedLayout;
  readonly arrays: readonly NamedArray[];
}

/**
 * Turns the weights of a file. Copies of the authors' weights go round in files of other programs than the one that they
 * are oriented for; the fingerprints tell. Other weights have the orientation that is usual in a file of their kind.
 */
export function orientNetwork(
  shaped: ShapedGraph,
  arrays: ReadonlyMap<string, TrainedArray>,
  { network, usual }: { readonly network: MtcnnNetwork; readonly usual: TrainedLayout },
): OrientedNetwork {
  const layouts = [usual, ...(['mxnet', 'caffe', 'tensorflow'] as const).filter((layout) => layout !== usual)];
  const turned = layouts.map((layout) => ({ layout, arrays: orientedWeights(shaped, arrays, layout) }));
  const known = turned.find((candidate) => hasFingerprint(candidate.arrays, fingerprints[network]));
  return known ?? { layout: usual, arrays: orientedWeights(shaped, arrays, usual) };
}

function hasFingerprint(arrays: readonly NamedArray[], { array, row, corner }: Fingerprint): boolean {
  const values = arrays.find(({ name }) => name === array)?.values;
  if (values === undefined) return false;
  const isNear = (index: number, wanted: number): boolean => Math.abs((values[index] ?? NaN) - wanted) < tolerance;
  return (
    row.every((wanted, column) => isNear(column, wanted)) && corner.every((wanted, plane) => isNear(9 * plane, wanted))
  );
}
