import { fail } from '../../core/failure.ts';
import type { NamedSet } from '../codec/insightface/verification-set.ts';
import { checkImage, isDamage } from '../image/image-header.ts';
import type { ImageSize } from '../image/rgb-image.ts';
import { failures } from './failures.ts';
import { readVerificationSets } from './verification-sets.ts';

/** What a verification set is, without its images. */
export interface VerificationSetFacts {
  readonly name: string;
  readonly file: string;
  readonly set: { readonly same: { readonly length: number } };
  /** Of its first image; undefined if there are no images, or the header does not tell. */
  readonly size: ImageSize | undefined;
}

/** Fails with `not-a-verification-set`, and as the reader of the file does. */
export function verificationSetFacts(path: string): VerificationSetFacts[] {
  return readVerificationSets([path]).map(({ name, file, set }) => ({
    ...{ name, file, set: { same: { length: set.same.length } } },
    size: firstSizeIn({ set }),
  }));
}

/** The size of the first image of a set. */
export function firstSizeIn({ set }: Pick<NamedSet, 'set'>): ImageSize | undefined {
  const header = set.images[0] === undefined ? undefined : checkImage(set.images[0]);
  return isDamage(header) ? undefined : header;
}

/** Fails with `image-size-mismatch` if a network of that size cannot embed the set. */
export function requireSize({ name, file, size }: Omit<VerificationSetFacts, 'set'>, wanted: ImageSize): void {
  if (size === undefined || (size.width === wanted.width && size.height === wanted.height)) return;
  const [expected, found] = [wanted, size].map(({ width, height }) => `${width} x ${height}`);
  const what = `image 0 of verification set ${name}`;
  fail(failures.imageSizeMismatch({ expected: expected ?? '', found: found ?? '', what }, { file }));
}
