/** A parameter's values, in MXNet's layout, row by row. */
export interface NamedArray {
  readonly name: string;
  readonly shape: readonly number[];
  readonly values: Float32Array;
}
