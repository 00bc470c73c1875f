import type { DetectedFace, FaceBox } from './detector.ts';

/** When two boxes are taken for the same face. */
export interface OverlapRule {
  /** The lower score goes where the overlap is larger. */
  readonly threshold: number;
  /** The overlap as a share of the area of both together, or of the smaller box. */
  readonly shareOf: 'union' | 'smaller';
  /** 1: edges are pixels, and the last one belongs to the box (MTCNN, SCRFD); 0: edges are lines. */
  readonly edge: 0 | 1;
}

/**
 * Non-maximum suppression: takes the box of the highest score, deletes those that overlap it, and so on. Of equal scores
 * the later one comes first, as where an ascending order is read from its end. Returns the kept boxes, highest score first.
 */
export function suppressOverlaps<Box extends FaceBox & { readonly score: number }>(
  boxes: readonly Box[],
  { threshold, shareOf, edge }: OverlapRule,
): Box[] {
  const ordered = boxes.toReversed().sort((a, b) => b.score - a.score);
  const areas = Float64Array.from(ordered, (box) => (box.right - box.left + edge) * (box.bottom - box.top + edge));
  const isDeleted = new Uint8Array(ordered.length);
  const kept: Box[] = [];
  for (const [index, box] of ordered.entries()) {
    if (isDeleted[index] === 1) continue;
    kept.push(box);
    const area = areas[index] ?? 0;
    for (let other = index + 1; other < ordered.length; other += 1) {
      const second = ordered[other];
      if (isDeleted[other] === 1 || second === undefined) continue;
      const width = Math.min(box.right, second.right) - Math.max(box.left, second.left) + edge;
      const height = Math.min(box.bottom, second.bottom) - Math.max(box.top, second.top) + edge;
      if (width <= 0 || height <= 0) continue;
      const common = width * height;
      const otherArea = areas[other] ?? 0;
      const whole = shareOf === 'union' ? area + otherArea - common : Math.min(area, otherArea);
      if (common / whole > threshold) isDeleted[other] = 1;
    }
  }
  return kept;
}

/** The same for faces, by their own boxes. */
export function withoutOverlaps(faces: readonly DetectedFace[], rule: OverlapRule): DetectedFace[] {
  const boxes = faces.map((face) => ({ ...face.box, score: face.score, face }));
  return suppressOverlaps(boxes, rule).map(({ face }) => face);
}
