import type { Tensor } from '@tensorflow/tfjs-core';
import type { TensorLibrary } from '../backends/backend.ts';
import { rootOfSum } from './gradient-sums.ts';

/** A loss above this is a number still, and of a training that is lost: of those that learn none comes near it. */
export const largestLoss = 1e6;

/** Whether a training has diverged that has such a loss. */
export const isLost = (loss: number): boolean => !(loss <= largestLoss);

type Named = readonly (readonly [name: string, tensor: Tensor])[];

/** Names of the tensors that hold a value that is not finite, in their order. */
export async function notFinite(tf: TensorLibrary, tensors: Named): Promise<string[]> {
  if (tensors.length === 0) return [];
  // One number of each, which no value that is not finite leaves finite: to read the tensors would take far longer.
  const sums = tensors.map(([, tensor]) => tf.tidy(() => tf.sum(tf.abs(tensor))));
  const together = tf.stack(sums);
  tf.dispose(sums);
  const values = await together.data<'float32'>();
  together.dispose();
  return tensors.filter((_, at) => !Number.isFinite(values[at])).map(([name]) => name);
}

/** Euclidean norm of all of them together, also where squares are beyond float32; 0 of none. */
export async function normOf(tf: TensorLibrary, tensors: Named): Promise<number> {
  if (tensors.length === 0) return 0;
  const greatest = tf.tidy(() => tf.max(tf.stack(tensors.map(([, tensor]) => tf.max(tf.abs(tensor))))));
  const [unit = NaN] = await greatest.data<'float32'>();
  greatest.dispose();
  if (unit === 0) return 0;
  const squares = tensors.map(([, tensor]) => tf.tidy(() => tf.sum(tf.square(tf.div(tensor, unit)))));
  const norm = unit * (await rootOfSum(tf, squares));
  tf.dispose(squares);
  return norm;
}

/** Where a training was lost: in the parameters of the network from its input to its output, and the arrays of the loss. */
export function brokenInWords(broken: {
  readonly network: readonly string[];
  readonly loss: readonly string[];
}): string {
  const quoted = (names: readonly string[]): string => names.map((name) => `"${name}"`).join(', ');
  const { network, loss } = broken;
  const [nearest] = network.slice(-1);
  const many =
    network.length > 1 ? `${network.length} parameters of the network, the nearest to the loss ` : 'parameter ';
  return [
    ...(nearest === undefined ? [] : [`${many}"${nearest}"`]),
    ...(loss.length === 0 ? [] : [`${quoted(loss)} of the loss`]),
  ].join(', and ');
}
