import { fail, FailureError, type Failure } from '../../src/core/failure.ts';
import { findImage } from '../../src/kit/dataset/image-folder.ts';
import type { FacePair, FaceImage } from '../../src/kit/codec/lists/pair-protocol.ts';
import type { VerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { readStoredImage, requireEqualSize, type SizedImage } from '../../src/kit/image/image-file.ts';

/** The pairs as a verification set: the bytes of their images verbatim. Fails on every missing image at once. */
export async function packPairs(
  pairs: readonly FacePair[],
  folder: string,
  protocol: string,
  trainSize: SizedImage | undefined,
): Promise<VerificationSet> {
  const paths = findImages(pairs, folder, protocol);
  const bytesOf = new Map<string, Uint8Array>();
  let first = trainSize;
  for (const path of new Set(paths)) {
    const { bytes, width, height } = await readStoredImage(path);
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
function findImages(pairs: readonly FacePair[], folder: string, protocol: string): string[] {
  const failures: Failure[] = [];
  const paths = pairs.flatMap((pair) =>
    [pair.left, pair.right].flatMap((image) => {
      const path = findImage(folder, image.name, image.number);
      if (path === undefined) failures.push(missingImage(image, pair, folder, protocol));
      return path === undefined ? [] : [path];
    }),
  );
  const [first, ...rest] = failures;
  if (first !== undefined) throw new FailureError([first, ...rest.slice(0, 9)]);
  return paths;
}

function missingImage(image: FaceImage, pair: FacePair, folder: string, protocol: string): Failure {
  const expected = `${image.name}/${image.name}_${String(image.number).padStart(4, '0')}.jpg`;
  return {
    code: 'missing-image',
    message: `the protocol names image ${image.number} of ${image.name}, but ${folder} has no ${expected} (nor with another extension)`,
    at: { file: protocol, line: pair.line, column: 1, length: 1 },
    hint: 'Give the folder that the protocol was made for, or choose other folds.',
  };
}
