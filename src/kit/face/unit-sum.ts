/**
 * The sum of rows of equal length, in double precision, brought to length 1; a zero row stays zero. Original and mirrored
 * embedding of an image are added so (insightface, src/eval/verification.py).
 */
export function unitSum(rows: readonly Float32Array[], target: Float64Array): void {
  target.fill(0);
  let squares = 0;
  for (let column = 0; column < target.length; column += 1) {
    let sum = 0;
    for (const row of rows) sum += row[column] ?? 0;
    target[column] = sum;
    squares += sum * sum;
  }
  if (squares === 0) return;
  const norm = Math.sqrt(squares);
  for (let column = 0; column < target.length; column += 1) target[column] = (target[column] ?? 0) / norm;
}
