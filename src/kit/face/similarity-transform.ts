/** x' = a x - b y + tx, y' = b x + a y + ty. */
export interface Similarity {
  readonly a: number;
  readonly b: number;
  readonly tx: number;
  readonly ty: number;
}

/** x, y. */
export type Point2 = readonly [number, number];

/**
 * The rotation, scale and shift that bring `from` nearest to `to` (least squares; Umeyama 1991 without reflection, in
 * the closed form for two dimensions). Points must not all coincide.
 */
export function similarityTransform(from: readonly Point2[], to: readonly Point2[]): Similarity {
  const [fromX, fromY] = centroid(from);
  const [toX, toY] = centroid(to);
  let squares = 0;
  let along = 0;
  let across = 0;
  from.forEach(([x, y], index) => {
    const [targetX, targetY] = to[index] ?? [0, 0];
    const px = x - fromX;
    const py = y - fromY;
    const qx = targetX - toX;
    const qy = targetY - toY;
    squares += px * px + py * py;
    along += px * qx + py * qy;
    across += px * qy - py * qx;
  });
  const a = along / squares;
  const b = across / squares;
  return { a, b, tx: toX - a * fromX + b * fromY, ty: toY - b * fromX - a * fromY };
}

function centroid(points: readonly Point2[]): Point2 {
  const sum = points.reduce<Point2>(([x, y], point) => [x + point[0], y + point[1]], [0, 0]);
  return [sum[0] / points.length, sum[1] / points.length];
}
