import { existsSync, statSync } from 'node:fs';
import { fail } from '../../../core/failure.ts';
import { readHead } from '../../codec/read-file.ts';
import { unreadFile } from '../../codec/unread-files.ts';
import { failures } from '../failures.ts';
import { modelFormats } from './index.ts';
import type { ModelFormat } from './model-format.ts';

const formats: readonly ModelFormat[] = Object.values<ModelFormat>(modelFormats);

/** The format of that name. Fails with `unknown-model-format`. */
export function modelFormatNamed(name: string): ModelFormat {
  const found = formats.find((format) => format.name === name);
  if (found !== undefined) return found;
  fail(failures.unknownModelFormat({ name, known: formats.map((format) => format.name) }));
}

/** Names of the formats that models are written to. */
export const writtenFormatNames: readonly string[] = formats
  .filter((format) => format.write !== undefined)
  .map((format) => format.name);

/** Fails with `format-not-written` for a format that is only read. */
export function requireWritten(format: ModelFormat): void {
  if (format.write === undefined) fail(failures.formatNotWritten({ format: format.name, written: writtenFormatNames }));
}

/** The format of the model at `path`; undefined if nothing known is there. */
export function recognisedFormat(path: string): ModelFormat | undefined {
  return formats.find((format) => format.recognises(path));
}

/** The format of the model at `path`. Fails with `no-model` if there is nothing or nothing known. */
export function modelFormatOf(path: string): ModelFormat {
  const found = recognisedFormat(path);
  if (found !== undefined) return found;
  const titles = formats.map(({ title }) => title);
  const isFile = existsSync(path) && statSync(path).isFile();
  const unread = isFile ? unreadFile(readHead(path)) : undefined;
  const there = unread?.title ?? (existsSync(path) ? 'something else' : 'nothing there');
  fail(failures.noModel({ titles, found: there, remedy: unread?.remedy }, { file: path }));
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
  fail(failures.unknownModelExtension({ extension, known: endings }, { file: path }));
}
