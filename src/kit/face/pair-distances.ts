/**
 * Squared Euclidean distance of the two unit vectors of every pair, 0 to 4. Rows 2i and 2i+1 of each matrix belong to
 * pair i. Matrices of the same images (original, mirrored) are added before normalising, in double precision; a zero
 * row stays zero.
 */
export function pairDistances(matrices: readonly Float32Array[], embeddingSize: number): Float64Array {
  const pairs = (matrices[0]?.length ?? 0) / embeddingSize / 2;
  const left = new Float64Array(embeddingSize);
  const right = new Float64Array(embeddingSize);
  return Float64Array.from({ length: pairs }, (_, pair) => {
    unitSum(rowsOf(matrices, 2 * pair, embeddingSize), left);
    unitSum(rowsOf(matrices, 2 * pair + 1, embeddingSize), right);
    return squaredDistance(left, right);
  });
}

/** L2 norm of every row of a matrix. */
export function rowNorms(matrix: Float32Array, embeddingSize: number): Float64Array {
  return Float64Array.from({ length: matrix.length / embeddingSize }, (_, row) => {
    const values = matrix.subarray(row * embeddingSize, (row + 1) * embeddingSize);
    return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0));
  });
}

function rowsOf(matrices: readonly Float32Array[], row: number, embeddingSize: number): readonly Float32Array[] {
  return matrices.map((matrix) => matrix.subarray(row * embeddingSize, (row + 1) * embeddingSize));
}

function squaredDistance(left: Float64Array, right: Float64Array): number {
  let sum = 0;
  for (let column = 0; column < left.length; column += 1) {
    const difference = (left[column] ?? 0) - (right[column] ?? 0);
    sum += difference * difference;
  }
  return sum;
}

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
