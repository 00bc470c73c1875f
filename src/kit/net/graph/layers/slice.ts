import type { LayerDefinition } from './layer-definition.ts';

export interface SliceAttributes {
  /** First channel that is taken. */
  readonly begin: number;
  /** One past the last. */
  readonly end: number;
}

/** MXNet's `slice_axis` on axis 1, and one output of its `SliceChannel`. */
export const slice: LayerDefinition<SliceAttributes> = {
  summary: 'Some successive channels of the input.',
  inputs: 1,
  attributes: { begin: { type: 'integer', minimum: 0 }, end: { type: 'integer', minimum: 1 } },
  outputShape({ begin, end }, [input = []]) {
    const [channels = 0, ...size] = input;
    if (begin >= end || end > channels) return `cannot take channels ${begin} to ${end} of [${input.join(', ')}]`;
    return [end - begin, ...size];
  },
  parameters: () => [],
  multiplyAdds: () => 0,
};
