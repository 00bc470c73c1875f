import { Random } from '../../core/random.ts';

/**
 * The order of an epoch: positions 0..count-1, shuffled from the sorted order by seed and epoch alone, so that any
 * epoch can be made without those before it.
 */
export function epochOrder(seed: number, epoch: number, count: number): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, position) => position);
  Random.derive(seed, `order of epoch ${String(epoch)}`).shuffle<number>(order);
  return order;
}

/** Which images of a batch are mirrored, by seed and step alone: 1 or 0 each. */
export function mirrorDraws(seed: number, step: number, batch: number): Uint8Array {
  const random = Random.derive(seed, `mirror of step ${String(step)}`);
  return Uint8Array.from({ length: batch }, () => random.integer(2));
}
