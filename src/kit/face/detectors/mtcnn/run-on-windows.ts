import type { RgbImage } from '../../../image/rgb-image.ts';
import type { InferenceSession } from '../../../net/sessions/inference-session.ts';
import type { Window } from './arithmetic.ts';
import { cutWindow, NetworkInput } from './network-input.ts';

/** A network that looks at one window at a time, and how a window is brought to the size it takes. */
export interface WindowNetwork {
  readonly session: InferenceSession;
  readonly side: number;
  /** Windows that are run together. */
  readonly atATime: number;
  readonly scale: (patch: RgbImage, side: number) => ArrayLike<number>;
}

/** A window of an image. */
export interface PlacedWindow {
  readonly image: RgbImage;
  readonly window: Window;
}

/** What a network says of each window: one row of values for each of its outputs that was asked for. */
export async function runOnWindows(
  { session, side, atATime, scale }: WindowNetwork,
  windows: readonly PlacedWindow[],
  { outputs, signal }: { readonly outputs: readonly string[]; readonly signal: AbortSignal | undefined },
): Promise<Float32Array[][]> {
  const rows: Float32Array[][] = [];
  for (let start = 0; start < windows.length; start += atATime) {
    signal?.throwIfAborted();
    const part = windows.slice(start, start + atATime);
    const input = new NetworkInput(part.length, { height: side, width: side });
    for (const [index, { image, window }] of part.entries()) input.set(index, scale(cutWindow(image, window), side));
    const results = await session.run(input.batch, outputs);
    for (const index of part.keys()) {
      rows.push(
        outputs.map((name) => {
          const values = results.get(name)?.data ?? new Float32Array(0);
          const length = values.length / part.length;
          return values.subarray(index * length, (index + 1) * length);
        }),
      );
    }
  }
  return rows;
}
