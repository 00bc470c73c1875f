import { basename } from 'node:path';
import { fail } from '../../../core/failure.ts';
import type { NamedSet } from '../../codec/insightface/verification-set.ts';
import type { FaceImage } from '../../codec/lists/face-pair.ts';
import { isCfpSplit, pairsOfCfpSplit } from '../../codec/lists/cfp-split.ts';
import { pairProtocol, selectPairs } from '../../codec/lists/pair-protocol.ts';
import { matFile, pairsOfMat } from '../../codec/matlab/mat-file.ts';
import { decodeFile } from '../../codec/read-file.ts';
import { withoutExtension } from '../../dataset/image-folder.ts';
import { failures } from './failures.ts';

/** What the images of a verification set are called, two per pair. */
export interface NamesOfPairs {
  /** Of each image, the most precise first: its own name, then whom it shows. */
  readonly names: readonly (readonly string[])[];
  /** Who is on each image; undefined where the protocol has paths only, which tell it in as many ways as there are sets. */
  readonly people: readonly string[] | undefined;
}

export interface ProtocolOfSet {
  /** LFW's pairs.txt or a list of its form, a split of CFP, or the MATLAB file of CFP or AgeDB. */
  readonly protocol: string;
  /** Those that the set was packed from, from 1; empty: all. */
  readonly folds: readonly number[];
  readonly set: Pick<NamedSet, 'name' | 'set'>;
}

interface NamedPair {
  readonly images: readonly (readonly string[])[];
  readonly people: readonly string[] | undefined;
  readonly same: boolean;
  readonly fold: number;
  /** In the file, if it is a text. */
  readonly line?: number;
}

/**
 * The names of the images of a verification set, which itself has none: from the protocol that it was packed from, whose pairs must
 * be of one person where those of the set are. Fails with `other-protocol`, `unknown-fold`, and as the readers of protocols do.
 */
export function namesOfPairs({ protocol, folds, set }: ProtocolOfSet): NamesOfPairs {
  const pairs = selectPairs(
    protocol.endsWith('.mat') || isCfpSplit(protocol) ? namedByPath(protocol) : namedByPerson(protocol),
    folds,
    protocol,
  );
  const { same } = set.set;
  if (pairs.length !== same.length) {
    const problem = `it has ${pairs.length} pairs${folds.length > 0 ? ' in these folds' : ''}, the set ${set.name} has ${same.length}`;
    fail(failures.otherProtocol({ problem }, { file: protocol }));
  }
  for (const [index, pair] of pairs.entries()) {
    if (pair.same === same[index]) continue;
    const [inSet, here] = [same[index] === true, pair.same].map((isSame) => (isSame ? 'one person' : 'two people'));
    const problem = `pair ${index + 1} is of ${inSet ?? ''} in the set ${set.name}, and of ${here ?? ''} in the protocol`;
    const at = pair.line === undefined ? {} : { line: pair.line, column: 1, length: 1 };
    fail(failures.otherProtocol({ problem }, { file: protocol, ...at }));
  }
  const people = pairs.flatMap((pair) => pair.people ?? []);
  return { names: pairs.flatMap(({ images }) => images), people: people.length === 0 ? undefined : people };
}

function namedByPerson(file: string): { readonly folds: number; readonly pairs: readonly NamedPair[] } {
  const { folds, pairs } = decodeFile(pairProtocol, file);
  const named = pairs.map(({ left, right, ...pair }): NamedPair => {
    return { ...pair, images: [left, right].map(namesOfImage), people: [left.name, right.name] };
  });
  return { folds, pairs: named };
}

/** As image folders and features name it, as LFW itself does, and the person. */
function namesOfImage({ name, number }: FaceImage): readonly string[] {
  const own = typeof number === 'number' ? `${name}_${String(number).padStart(4, '0')}` : withoutExtension(number);
  return [`${name}/${own}`, own, name];
}

/** The path, the file without its folders, what stands before its first `_` (AgeDB's person), and the folders (CFP's person) from the innermost. */
function namedByPath(file: string): { readonly folds: number; readonly pairs: readonly NamedPair[] } {
  const byPath = isCfpSplit(file) ? pairsOfCfpSplit(file) : pairsOfMat(decodeFile(matFile, file), file);
  const pairs = byPath.map(({ left, right, ...pair }): NamedPair => {
    const images = [left, right].map((path) => {
      const own = withoutExtension(path);
      const parts = own.split('/');
      const folders = parts.slice(0, -1).map((_, index) => parts.slice(0, index + 1).join('/'));
      const inner = parts.slice(0, -1);
      return [own, basename(own), basename(own).replace(/_.*$/s, ''), ...[...folders, ...inner].toReversed()];
    });
    return { ...pair, images, people: undefined };
  });
  return { folds: new Set(pairs.map(({ fold }) => fold)).size, pairs };
}
