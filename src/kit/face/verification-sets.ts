import { basename } from 'node:path';
import { closeSync, readSync } from 'node:fs';
import { type Failure, throwIfAny } from '../../core/failure.ts';
import { sniffBytes } from '../codec/codec.ts';
import { codecs } from '../codec/index.ts';
import { type NamedSet, namedSets } from '../codec/insightface/verification-set.ts';
import { openForReading } from '../codec/read-file.ts';
import { imageFormat } from '../image/image-header.ts';
import { failures } from './failures.ts';

/**
 * Reads verification sets; those that `names` does not name are named after their files. Fails with
 * `not-a-verification-set`, which names what was found instead, for every file that does not begin as one, and with the codes of the codec.
 */
export function readVerificationSets(paths: readonly string[], names?: readonly string[]): NamedSet[] {
  throwIfAny(
    paths.flatMap((path): Failure[] => {
      const head = headOf(path);
      if (codecs.verificationSet.sniff(head, basename(path))) return [];
      return [failures.notAVerificationSet({ found: kindOf(head, basename(path)) }, { file: path })];
    }),
  );
  return namedSets(paths, names);
}

function headOf(path: string): Uint8Array {
  const { descriptor, size } = openForReading(path, codecs.verificationSet.title);
  try {
    const head = Buffer.alloc(Math.min(sniffBytes, size));
    return head.subarray(0, readSync(descriptor, head, 0, head.length, 0));
  } finally {
    closeSync(descriptor);
  }
}

/** What a file looks like from its first bytes. */
function kindOf(head: Uint8Array, fileName: string): string {
  if (head.length === 0) return 'an empty file';
  const image = imageFormat(head);
  if (image !== undefined) return `an image (${image})`;
  const known = Object.values(codecs).find((codec) => codec.sniff(head, fileName));
  if (known !== undefined) return `a file that looks like: ${known.title}`;
  const isText = !/[\x00-\x08\x0e-\x1f\ufffd]/.test(new TextDecoder().decode(head, { stream: true }));
  return isText ? 'a text file' : 'a file of an unknown format';
}
