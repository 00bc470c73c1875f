/** The content of an output of the kind `figures`. */
export interface FiguresFile {
  readonly figures: readonly { readonly name: string; readonly value: number }[];
  readonly curves: readonly { readonly name: string; readonly points: readonly (readonly [number, number])[] }[];
}

/**
 * Reads what a program has measured: a JSON object of numbers, which are final figures, and of lists of pairs
 * [step, value], which are curves. Objects within it group them: `{ "val": { "accuracy": 0.9 } }` is the figure
 * `val/accuracy`. Throws an Error with what was expected and found.
 */
export function parseFiguresFile(text: string): FiguresFile {
  const figures: { name: string; value: number }[] = [];
  const curves: { name: string; points: readonly (readonly [number, number])[] }[] = [];
  const walk = (value: object, prefix: string): void => {
    for (const [key, each] of Object.entries(value) as [string, unknown][]) {
      const name = `${prefix}${key}`;
      if (typeof each === 'number') figures.push({ name, value: each });
      else if (Array.isArray(each)) curves.push({ name, points: each.map((point: unknown) => pointOf(point, name)) });
      else if (typeof each === 'object' && each !== null) walk(each, `${name}/`);
      else throw new Error(`expected "${name}" to be a number, a list of [step, value], or an object of these`);
    }
  };
  const value = parsed(text);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new Error('expected an object');
  walk(value, '');
  if (figures.length + curves.length === 0) throw new Error('expected figures or curves, found none');
  return { figures, curves };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const isNumber = /\b(NaN|Infinity)\b/.test(text);
    throw new Error(isNumber ? 'NaN and Infinity are not JSON' : 'expected JSON', { cause: error });
  }
}

function pointOf(point: unknown, name: string): readonly [number, number] {
  const [step, value, ...more] = Array.isArray(point) ? (point as unknown[]) : [];
  if (typeof step === 'number' && Number.isSafeInteger(step) && typeof value === 'number' && more.length === 0)
    return [step, value];
  throw new Error(`expected the points of "${name}" to be [step, value] with a whole step`);
}
