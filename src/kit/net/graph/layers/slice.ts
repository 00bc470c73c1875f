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
    return begin >= end || end > channels
      ? { problem: `cannot take channels ${begin} to ${end} of [${input.join(', ')}]` }
      : { shape: [end - begin, ...size] };
  },
  outline: { words: ({ begin, end }) => `channels ${begin} to ${end - 1}` },
  example: { attributes: { begin: 1, end: 3 } },
};
