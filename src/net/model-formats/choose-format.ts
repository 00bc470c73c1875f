import { existsSync } from 'node:fs';
import { didYouMean } from '../../base/did-you-mean.ts';
import { fail } from '../../base/failure.ts';
import { modelFormats } from './index.ts';
import type { ModelFormat } from './model-format.ts';

const formats: readonly ModelFormat[] = Object.values(modelFormats);

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

/** The format of the model at `path`. Fails with `no-model` where there is nothing or nothing known. */
export function modelFormatOf(path: string): ModelFormat {
  const found = formats.find((format) => format.recognises(path));
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

/** The format that the name of a file to be written means; a name without a known ending means a folder. */
export function modelFormatForWriting(path: string): ModelFormat {
  return formats.find(({ endings }) => endings.some((ending) => path.endsWith(ending))) ?? modelFormats.folder;
}
