import { fail } from '../core/failure.ts';
import type { InputSize } from '../kit/net/exchange/model-format.ts';

/** What `--input` says, `3x112x112`; undefined where it says nothing. Fails with `wrong-option`. */
export function imageSize(text: unknown): InputSize | undefined {
  if (text === undefined) return undefined;
  const match = typeof text === 'string' ? /^([1-9]\d*)x([1-9]\d*)x([1-9]\d*)$/.exec(text) : null;
  if (match !== null) return { channels: Number(match[1]), height: Number(match[2]), width: Number(match[3]) };
  return fail({
    code: 'wrong-option',
    message: `expected --input to be channels x height x width, as in 3x112x112, found ${JSON.stringify(text)}`,
  });
}
