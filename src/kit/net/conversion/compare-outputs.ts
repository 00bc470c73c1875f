import { fail } from '../../../core/failure.ts';
import type { ShapedGraph } from '../graph/infer-shapes.ts';

/** How far an output of what was written is from that of the network that was read, on random images. */
export interface OutputDifference {
  readonly layer: string;
  /** Of one image: [512]. */
  readonly shape: readonly number[];
  /** Of the network that was read, without its sign; never 0, at which a comparison would show nothing. */
  readonly greatestValue: number;
  readonly greatestDifference: number;
  /** That, as a share of the greatest value. */
  readonly relativeDifference: number;
}

export interface Comparison {
  /** The network that was read. */
  readonly inferred: ShapedGraph;
  /** What it gives, and what was written gives, output by output. */
  readonly wanted: readonly (Float32Array | undefined)[];
  readonly found: readonly (Float32Array | undefined)[];
  /** What was written, and what has run it: "read again", "in onnxruntime 1.30.0". */
  readonly file: string;
  readonly how: string;
  /** The greatest relative difference that is accepted. */
  readonly limit: number;
}

/**
 * Compares the outputs of two networks. Fails with `conversion-differs` where an output is missing on one side, has
 * another length, is no number or differs by more than the limit, and with `conversion-shows-nothing` where both are 0
 * everywhere, which equal weights and lost ones alike would be.
 */
export function compareOutputs(comparison: Comparison): OutputDifference[] {
  const { inferred, wanted, found } = comparison;
  const { outputs } = inferred.graph;
  if (found.length > outputs.length) {
    differs(comparison, `${found.length} outputs instead of ${outputs.length} (${outputs.join(', ')})`);
  }
  return outputs.map((layer, index) => {
    const shape = inferred.shapes.get(layer) ?? [];
    return { layer, shape, ...difference(comparison, layer, [wanted[index], found[index]]) };
  });
}

/** How far two outputs are apart, for people. */
export function differenceText({ greatestDifference, relativeDifference }: OutputDifference): string {
  const share = `${relativeDifference.toExponential(1)} of the greatest value`;
  return `largest difference ${greatestDifference.toExponential(1)}, ${share}`;
}

type Values = Float32Array | undefined;

function difference(
  comparison: Comparison,
  layer: string,
  [wanted, found]: readonly [Values, Values],
): Omit<OutputDifference, 'layer' | 'shape'> {
  const { file, how, limit } = comparison;
  if (wanted === undefined || wanted.length === 0) throw new Error(`layer "${layer}" gives nothing to compare with`);
  if (found === undefined) return differs(comparison, `no values for layer "${layer}"`);
  if (found.length !== wanted.length) {
    return differs(comparison, `${found.length} values for layer "${layer}" instead of ${wanted.length}`);
  }
  const greatestDifference = greatestOf(wanted, (value, index) => value - (found[index] ?? NaN));
  const greatestValue = greatestOf(wanted, (value) => value);
  if (greatestValue === 0 && greatestDifference === 0) {
    fail({
      code: 'conversion-shows-nothing',
      message: `Layer "${layer}" is 0 everywhere for random images, before and after (${how}): the comparison shows nothing.`,
      at: { file },
      hint: 'Weights that are all 0, or activations that let nothing through. What was written stays, to be looked at.',
    });
  }
  const relativeDifference = greatestDifference / greatestValue;
  if (relativeDifference <= limit) return { greatestValue, greatestDifference, relativeDifference };
  const share = `${relativeDifference.toExponential(2)} of the greatest value, more than ${limit}`;
  return differs(comparison, `other values for layer "${layer}": they differ by ${share}`);
}

/** Of absolute values; NaN as soon as there is one. */
function greatestOf(values: Float32Array, of: (value: number, index: number) => number): number {
  return values.reduce((greatest, value, index) => Math.max(greatest, Math.abs(of(value, index))), 0);
}

function differs({ file, how }: Comparison, what: string): never {
  fail({
    code: 'conversion-differs',
    message: `What was written (${how}) gives ${what}.`,
    at: { file },
    hint: 'Do not use it, unless rounding explains so much: then accept it by "limit" (--limit).',
  });
}
