import { existsSync } from 'node:fs';
import { didYouMean } from '../../../core/did-you-mean.ts';
import { fail } from '../../../core/failure.ts';
import { modelFormats } from './index.ts';
import type { ModelFormat } from './model-format.ts';

const formats: readonly ModelFormat[] = Object.values<ModelFormat>(modelFormats);

/** The format of that name. Fails with `unknown-model-format`. */
export function modelFormatNamed(name: string): ModelFormat {
  const found = formats.find((format) => format.name === name);
  if (found !== undefined) return found;
  const names = formats.map((format) => format.name);
  const near = didYouMean(name, names);
  fail({
    code: 'unknown-model-format',
    message: `Expected a model format (${names.join(', ')}), found "${name}".`,
    ...(near === undefined ? {} : { hint: `Did you mean "${near}"?` }),
  });
}

/** The format of the model at `path`; undefined where there is none. */
export function recognisedFormat(path: string): ModelFormat | undefined {
  return formats.find((format) => format.recognises(path));
}

/** The format of the model at `path`. Fails with `no-model` where there is nothing or nothing known. */
export function modelFormatOf(path: string): ModelFormat {
  const found = recognisedFormat(path);
  if (found !== undefined) return found;
  const titles = formats.map(({ title }) => title).join('; ');
  fail({
    code: 'no-model',
    message: existsSync(path)
      ? `Expected a model (${titles}), found something else.`
      : `Expected a model (${titles}), found nothing there.`,
    at: { file: path },
    hint: '`flow inspect` says what a file or folder holds.',
  });
}

/**
 * The format that the name of what is to be written means; a name without an extension means a folder. Fails with
 * `unknown-model-format` for an extension that belongs to no format.
 */
export function modelFormatForWriting(path: string): ModelFormat {
  const found = formats.find(({ endings }) => endings.some((ending) => path.endsWith(ending)));
  if (found !== undefined) return found;
  // `y1-v1.2` is a name without an extension.
  const extension = /\.[a-z][a-z0-9]*$/i.exec(path)?.[0];
  if (extension === undefined) return modelFormats.folder;
  const endings = formats.filter((format) => format.write !== undefined).flatMap((format) => format.endings);
  fail({
    code: 'unknown-model-format',
    message: `Expected a name whose ending says the format (${endings.join(', ')}), or a folder, found "${extension}".`,
    at: { file: path },
    hint: 'With a slash at its end it is a folder; --to says the format whatever the name is.',
  });
}
