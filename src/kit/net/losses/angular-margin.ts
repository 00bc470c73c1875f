/** The cosine is kept this far from 1 and -1: at 1 the gradient of an angle is infinite, and rounding above 1 would make it NaN. */
const clearance = 1e-7;

/** A function of the label's cosine and of a margin, and its derivatives. */
export interface AngularTarget {
  readonly value: number;
  readonly slope: number;
  /** Derivative with respect to the margin. */
  readonly marginSlope: number;
}

export interface ArcfaceMargin {
  readonly margin: number;
  readonly easyMargin: boolean;
}

/** The angle of a cosine, in radians, and its derivative with respect to the cosine: 0 where that is not kept as it is. */
export function angleOf(cosine: number): { readonly angle: number; readonly slope: number } {
  const kept = Math.min(1 - clearance, Math.max(-1 + clearance, cosine));
  return { angle: Math.acos(kept), slope: kept === cosine ? -1 / Math.sqrt(1 - kept * kept) : 0 };
}

/** cos(theta + m), also where theta + m is beyond pi and the cosine rises again. */
export function shiftedCosine(cosine: number, margin: number): AngularTarget {
  const { angle, slope } = angleOf(cosine);
  const marginSlope = -Math.sin(angle + margin);
  return { value: Math.cos(angle + margin), slope: marginSlope * slope, marginSlope };
}

/**
 * ArcFace of 2018: cos(theta + m) while theta + m < pi (easy margin: while theta < pi / 2), beyond that
 * cos(theta) - m sin(m) (easy margin: unchanged), so that it falls with the angle everywhere.
 */
export function arcfaceTarget(cosine: number, { margin, easyMargin }: ArcfaceMargin): AngularTarget {
  if (cosine > (easyMargin ? 0 : -Math.cos(margin))) return shiftedCosine(cosine, margin);
  if (easyMargin) return { value: cosine, slope: 1, marginSlope: 0 };
  const [sine, derivative] = [Math.sin(margin), Math.cos(margin)];
  return { value: cosine - margin * sine, slope: 1, marginSlope: -sine - margin * derivative };
}
