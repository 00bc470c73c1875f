/** Size of what a layer takes or returns for one sample: [channels, height, width], or [length] once it is flat. */
export type FeatureShape = readonly number[];

/** How many numbers an array of this shape holds. */
export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
