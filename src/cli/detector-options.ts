import { fail } from '../core/failure.ts';
import { detectorDefaults, detectors, type DetectorChoice, type DetectorName } from '../kit/face/detectors/index.ts';
import { failures } from './failures.ts';

/**
 * The detector with a name, its options at their defaults but for those given as `name=value`, the value as JSON.
 * Fails with `wrong-option`.
 */
export function detectorChoice(name: string, given: readonly string[]): DetectorChoice {
  const known = Object.keys(detectors);
  if (!isDetectorName(name)) {
    return fail(failures.wrongOption({ option: '--detector', expected: `one of ${known.join(', ')}`, found: name }));
  }
  const schemas: Readonly<Record<string, { readonly default?: unknown }>> = detectors[name].options;
  const options: Record<string, unknown> = { ...detectorDefaults(name) };
  for (const text of given) {
    const [option = '', ...rest] = text.split('=');
    if (!Object.hasOwn(schemas, option)) {
      const expected = `name=value, the name one of ${Object.keys(schemas).join(', ')}`;
      return fail(failures.wrongOption({ option: '--option', expected, found: text }));
    }
    options[option] = valueLike(schemas[option]?.default, { option, text: rest.join('=') });
  }
  return { name, ...options } as DetectorChoice;
}

function isDetectorName(name: string): name is DetectorName {
  return Object.hasOwn(detectors, name);
}

/** A value of the kind that the default is of. */
function valueLike(usual: unknown, { option, text }: { readonly option: string; readonly text: string }): unknown {
  const value = parsed(text);
  const isList = Array.isArray(usual);
  const fits = isList ? isNumberList(value) : typeof value === typeof usual;
  if (fits) return value;
  const expected = `${option}=${isList ? 'a list of numbers, as in [0.6,0.7,0.7]' : `a ${typeof usual}`}`;
  return fail(failures.wrongOption({ option: '--option', expected, found: `${option}=${text}` }));
}

function isNumberList(value: unknown): boolean {
  return Array.isArray(value) && value.every((each) => typeof each === 'number');
}

/** JSON, or the text itself. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return text;
  }
}
