/** Rounds to the nearest whole number, halves to even ones, as numpy and OpenCV do: adding 1.5 x 2^52 leaves a double no room for a fraction. */
export function roundHalfEven(value: number): number {
  const magic = 6755399441055744;
  return value + magic - magic;
}
