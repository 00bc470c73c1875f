import { fail, throwFirst, type Failure } from '../../src/core/failure.ts';
import { findImage } from '../../src/kit/dataset/image-folder.ts';
import type { FacePair } from '../../src/kit/codec/lists/face-pair.ts';
import type { VerificationSet } from '../../src/kit/codec/insightface/verification-set.ts';
import { readStoredImage, requireEqualSize, type FirstImage } from '../../src/kit/image/image-file.ts';
import { failures } from './failures.ts';

/** The images of pairs, and the file that names the pairs. */
export interface PairPlace {
  readonly folder: string;
  readonly protocol: string;
}

/** The pairs as a verification set: the bytes of their images, all of one size, verbatim. Fails with `missing-image`, for ten images and the number of the others. */
export async function packPairs(
  pairs: readonly FacePair[],
  place: PairPlace,
): Promise<VerificationSet & { readonly first: FirstImage | undefined }> {
  const paths = findImages(pairs, place);
  const bytesOf = new Map<string, Uint8Array>();
  let first: FirstImage | undefined;
  for (const path of new Set(paths)) {
    const { bytes, width, height } = await readStoredImage(path);
    first ??= { width, height, path };
    requireEqualSize({ width, height }, path, first);
    bytesOf.set(path, bytes);
  }
  return {
    first,
    images: paths.map((path) => bytesOf.get(path) ?? fail(failures.lostImage({ path }))),
    same: pairs.map((pair) => pair.same),
  };
}

/** Two paths per pair. Fails with `missing-image`, each at the first line that names it, for ten and the number of the others. */
export function findImages(pairs: readonly FacePair[], { folder, protocol }: PairPlace): string[] {
  const missing = new Map<string, Failure>();
  const paths = pairs.flatMap(({ left, right, line }) =>
    [left, right].flatMap((wanted) => {
      const { name, number } = wanted;
      const path = findImage(folder, wanted);
      if (path !== undefined) return [path];
      const at = { file: protocol, line, column: 1, length: 1 };
      const image = `${name} ${number}`;
      missing.set(image, missing.get(image) ?? failures.missingImage({ name, number, folder }, at));
      return [];
    }),
  );
  throwFirst([...missing.values()]);
  return paths;
}
