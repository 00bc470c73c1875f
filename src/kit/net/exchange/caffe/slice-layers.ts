import type { LayerParameter } from '../../../codec/caffe/schema.ts';
import type { LayerNodeOf } from '../../graph/graph.ts';

type Slice = LayerNodeOf<'slice'>;

/**
 * The slices of one blob as Caffe has them: a Slice layer cuts it into pieces that follow each other. Slices that overlap
 * get a layer each. A piece that is not used ends in a Silence layer, so that it does not count as a result.
 */
export function sliceLayers(
  slices: readonly Slice[],
  input: { readonly bottom: string; readonly channels: number },
): LayerParameter[] {
  const sorted = [...slices].sort((left, right) => left.attributes.begin - right.attributes.begin);
  const overlaps = sorted.some(({ attributes }, index) => attributes.begin < (sorted[index - 1]?.attributes.end ?? 0));
  return overlaps ? sorted.flatMap((slice) => cutLayers([slice], input)) : cutLayers(sorted, input);
}

/** For slices in their order that do not overlap. */
function cutLayers(
  slices: readonly Slice[],
  { bottom, channels }: { readonly bottom: string; readonly channels: number },
): LayerParameter[] {
  const name = `${slices[0]?.name ?? ''}_cut`;
  const cuts: number[] = [];
  const top: string[] = [];
  const unwanted: string[] = [];
  let at = 0;
  const skipTo = (end: number): void => {
    if (end === at) return;
    const rest = `${name}_rest${unwanted.length}`;
    unwanted.push(rest);
    top.push(rest);
    cuts.push(end);
    at = end;
  };
  for (const slice of slices) {
    skipTo(slice.attributes.begin);
    top.push(slice.name);
    cuts.push(slice.attributes.end);
    at = slice.attributes.end;
  }
  skipTo(channels);
  const slice = {
    name,
    type: 'Slice',
    bottom: [bottom],
    top,
    slice_param: { slice_point: cuts.slice(0, -1), axis: 1 },
  };
  if (unwanted.length === 0) return [slice];
  return [slice, { name: `${name}_unwanted`, type: 'Silence', bottom: unwanted }];
}
