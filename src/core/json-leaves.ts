import type { Json } from './digest.ts';

export function isJsonObject(value: Json | undefined): value is Readonly<Record<string, Json>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Nested values as paths, `schedule.maxSteps`, and leaves; a list is a leaf. */
export function* jsonLeaves(value: Readonly<Record<string, Json>>, prefix = ''): Generator<readonly [string, Json]> {
  for (const [name, each] of Object.entries(value)) {
    if (isJsonObject(each)) yield* jsonLeaves(each, `${prefix}${name}.`);
    else yield [`${prefix}${name}`, each];
  }
}
