import { fail } from '../../../core/failure.ts';
import { failures } from '../failures.ts';
import type { ShapedGraph } from '../graph/shaped-graph.ts';

/** How far an output of what was written is from that of the network that was read, on random images. */
export interface OutputDifference {
  readonly layer: string;
  /** Of one image: [512]. */
  readonly shape: readonly number[];
  /** Maximum of the absolute values of the network that was read; never 0, which would show nothing. */
  readonly greatestValue: number;
  /** Maximum of the absolute differences. */
  readonly greatestDifference: number;
  /** The difference as a share of the value. */
  readonly relativeDifference: number;
}

export interface Comparison {
  /** The network that was read. */
  readonly shaped: ShapedGraph;
  /** Its values, and those of what was written, output by output. */
  readonly expected: readonly (Float32Array | undefined)[];
  readonly found: readonly (Float32Array | undefined)[];
  /** What was written, and what has run it: "read again", "in onnxruntime 1.30.0". */
  readonly file: string;
  readonly how: string;
  /** Maximum of the relative difference that is accepted. */
  readonly limit: number;
  /** It is the source, run by another program, that what was read of it is compared with. */
  readonly isSource?: boolean;
}

/**
 * Compares the outputs of two networks. Fails with `conversion-differs` if an output is missing on one side, has
 * another length, is NaN or differs by more than the limit, and with `conversion-shows-nothing` if both are 0 everywhere,
 * as they would be with equal weights and with lost ones.
 */
export function compareOutputs(comparison: Comparison): OutputDifference[] {
  const { shaped, expected, found } = comparison;
  const { outputs } = shaped.graph;
  if (found.length > outputs.length) {
    differs(comparison, `${found.length} outputs instead of ${outputs.length} (${outputs.join(', ')})`);
  }
  return outputs.map((layer, index) => {
    const shape = shaped.shapes.get(layer) ?? [];
    return { layer, shape, ...difference(comparison, layer, [expected[index], found[index]]) };
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
  [expected, found]: readonly [Values, Values],
): Omit<OutputDifference, 'layer' | 'shape'> {
  const { file, how, limit } = comparison;
  if (expected === undefined || expected.length === 0) throw new Error(`layer "${layer}" has nothing to compare with`);
  if (found === undefined) return differs(comparison, `no values for layer "${layer}"`);
  if (found.length !== expected.length) {
    return differs(comparison, `${found.length} values for layer "${layer}" instead of ${expected.length}`);
  }
  const greatestDifference = maxOf(expected, (value, index) => value - (found[index] ?? NaN));
  const greatestValue = maxOf(expected, (value) => value);
  if (greatestValue === 0 && greatestDifference === 0) {
    fail(failures.conversionShowsNothing({ layer, how }, { file }));
  }
  const relativeDifference = greatestDifference / greatestValue;
  if (relativeDifference <= limit) return { greatestValue, greatestDifference, relativeDifference };
  const share = `${relativeDifference.toExponential(2)} of the greatest value, more than ${limit}`;
  return differs(comparison, `other values for layer "${layer}": they differ by ${share}`);
}

/** Maximum of absolute values; NaN if one is NaN. */
function maxOf(values: Float32Array, of: (value: number, index: number) => number): number {
  return values.reduce((max, value, index) => Math.max(max, Math.abs(of(value, index))), 0);
}

function differs({ file, how, isSource = false }: Comparison, what: string): never {
  if (isSource) fail(failures.readingDiffers({ how, found: what }, { file }));
  fail(failures.conversionDiffers({ how, found: what }, { file }));
}
