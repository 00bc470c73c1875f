import { fail, FailureError, type Failure } from '../../src/core/failure.ts';
import { findPicture } from '../../src/kit/dataset/image-folder.ts';
import type { FacePair, FacePicture } from '../../src/kit/codec/lists/pair-protocol.ts';
import type { VerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { readStoredPicture, requireEqualSize, type SizedPicture } from '../../src/kit/image/picture-file.ts';

/** The pairs as a verification set: the bytes of their pictures verbatim. Fails on every missing picture at once. */
export async function packPairs(
  pairs: readonly FacePair[],
  folder: string,
  protocol: string,
  trainSize: SizedPicture | undefined,
): Promise<VerificationSet> {
  const paths = findPictures(pairs, folder, protocol);
  const bytesOf = new Map<string, Uint8Array>();
  let first = trainSize;
  for (const path of new Set(paths)) {
    const { bytes, width, height } = await readStoredPicture(path);
    first ??= { width, height, path };
    requireEqualSize({ width, height }, path, first);
    bytesOf.set(path, bytes);
  }
  return {
    images: paths.map((path) => bytesOf.get(path) ?? fail({ code: 'missing-image', message: `${path} is gone` })),
    same: pairs.map((pair) => pair.same),
  };
}

/** Two paths per pair. */
function findPictures(pairs: readonly FacePair[], folder: string, protocol: string): string[] {
  const failures: Failure[] = [];
  const paths = pairs.flatMap((pair) =>
    [pair.left, pair.right].flatMap((picture) => {
      const path = findPicture(folder, picture.name, picture.number);
      if (path === undefined) failures.push(missingPicture(picture, pair, folder, protocol));
      return path === undefined ? [] : [path];
    }),
  );
  const [first, ...rest] = failures;
  if (first !== undefined) throw new FailureError([first, ...rest.slice(0, 9)]);
  return paths;
}

function missingPicture(picture: FacePicture, pair: FacePair, folder: string, protocol: string): Failure {
  const expected = `${picture.name}/${picture.name}_${String(picture.number).padStart(4, '0')}.jpg`;
  return {
    code: 'missing-image',
    message: `the protocol names picture ${picture.number} of ${picture.name}, but ${folder} has no ${expected} (nor with another extension)`,
    at: { file: protocol, line: pair.line, column: 1, length: 1 },
    hint: 'Give the folder that the protocol was made for, or choose other folds.',
  };
}
