import type { ByteLocation, Failure, TextLocation } from '../failure.ts';
import { type Paint, paintWith } from './paint.ts';
import { plainText, unsafe } from './terminal-text.ts';

export interface FrameStyle {
  readonly colour: boolean;
}

/** Each takes one column, so that the squiggle stays in place. */
const unprinted = new RegExp(unsafe, 'g');

/** Name and password of an address, which are for the eyes of its owner. */
const login = /(?<=:\/\/)[^/?#@\s"']+(?=@)/g;

/** Longer source lines are cut around the place in question. */
const frameWidth = 120;

/**
 * Failures as text for people: place, code, sentence, the source line with a squiggle, a hint, which stands once after
 * several of one kind. No newline at the end.
 */
export function renderFailures(failures: readonly Failure[], style: FrameStyle): string {
  const paint = paintWith(style.colour);
  const texts = failures.map(({ hint, ...failure }, index) => {
    const next = failures[index + 1];
    const isRepeated = next?.code === failure.code && next.hint === hint;
    return renderFailure({ ...failure, ...(isRepeated || hint === undefined ? {} : { hint }) }, paint);
  });
  return texts.join('\n\n');
}

function renderFailure({ code, at, further, ...texts }: Failure, paint: Paint): string {
  // They quote names and values out of files.
  const message = plainText(texts.message);
  const hint = texts.hint === undefined ? undefined : plainText(texts.hint);
  const place = at === undefined ? '' : `${paint.bold(placeOf(at))} `;
  const lines = [`${place}${paint.red(code)}: ${message}`];
  if (at !== undefined && 'line' in at && at.sourceLine?.trim()) lines.push(...frame(at, at.sourceLine, paint));
  if (further !== undefined) lines.push(`  ... and ${further} more like this`);
  if (hint !== undefined) lines.push(`  ${paint.cyan(hint)}`);
  return lines.join('\n');
}

/** `file:line:column`, `file: offset N:`, or the argument (`--set`) a value came from. */
function placeOf(at: TextLocation | ByteLocation): string {
  const file = plainText(at.file);
  if (!('line' in at)) return at.offset === undefined ? `${file}:` : `${file}: offset ${String(at.offset)}:`;
  return file.startsWith('--') ? `${file}:` : `${file}:${String(at.line)}:${String(at.column)}`;
}

function frame(at: TextLocation, sourceLine: string, paint: Paint): string[] {
  const indent = sourceLine.length - sourceLine.trimStart().length;
  const column = at.column - 1;
  // The end of a long line is cut off; so is its start, if the place in question is far to the right.
  const from = column > frameWidth - 20 ? column - 40 : Math.min(indent, column);
  const shown = sourceLine
    .replaceAll(login, (text) => '·'.repeat(text.length))
    .slice(from, from + frameWidth)
    .replaceAll('\t', '→')
    .replaceAll(unprinted, '·');
  const squiggle = '~'.repeat(Math.max(1, Math.min(at.length, from + frameWidth - column)));
  const cut = from > indent ? '...' : '';
  return [`  ${cut}${shown}`, `  ${' '.repeat(cut.length + column - from)}${paint.red(squiggle)}`];
}
