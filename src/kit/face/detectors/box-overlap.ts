import type { FaceBox } from './detector.ts';

/** The area that two boxes share, as part of what they cover together: 0..1. */
export function overlapOf(a: FaceBox, b: FaceBox): number {
  const width = Math.max(0, Math.min(a.right, b.right) - Math.max(a.left, b.left));
  const height = Math.max(0, Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top));
  const shared = width * height;
  return shared === 0 ? 0 : shared / (areaOf(a) + areaOf(b) - shared);
}

/** In square pixels. */
export function areaOf({ left, top, right, bottom }: FaceBox): number {
  return (right - left) * (bottom - top);
}
