/** The value, where its absence would be a defect of ours. */
export function required<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('a tensor that the layer needs is not there');
  return value;
}
