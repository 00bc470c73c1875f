import type { ByteLocation, Failure, TextLocation } from '../failure.ts';
import { type Paint, paintWith } from './paint.ts';
import { plainText } from './terminal-text.ts';

export interface FrameStyle {
  readonly colour: boolean;
}

/** Longer source lines are cut around the place in question. */
const frameWidth = 120;

/** Failures as text for people: place, code, sentence, the source line with a squiggle, a hint. No newline at the end. */
export function renderFailures(failures: readonly Failure[], style: FrameStyle): string {
  const paint = paintWith(style.colour);
  return failures.map((failure) => renderFailure(failure, paint)).join('\n\n');
}

function renderFailure({ code, message, at, hint }: Failure, paint: Paint): string {
  const place = at === undefined ? '' : `${paint.bold(plainText(placeOf(at)))} `;
  const lines = [`${place}${paint.red(code)}: ${plainText(message)}`];
  if (at !== undefined && 'line' in at && at.sourceLine?.trim()) lines.push(...frame(at, at.sourceLine, paint));
  if (hint !== undefined) lines.push(`  ${paint.cyan(plainText(hint))}`);
  return lines.join('\n');
}

/** `file:line:column`, `file: offset N:`, or the argument (`--set`) a value came from. */
function placeOf(at: TextLocation | ByteLocation): string {
  if (!('line' in at)) return at.offset === undefined ? `${at.file}:` : `${at.file}: offset ${String(at.offset)}:`;
  return at.file.startsWith('--') ? `${at.file}:` : `${at.file}:${String(at.line)}:${String(at.column)}`;
}

function frame(at: TextLocation, sourceLine: string, paint: Paint): string[] {
  const indent = sourceLine.length - sourceLine.trimStart().length;
  const column = at.column - 1;
  // The end of a long line is cut off; so is its start, if the place in question is far to the right.
  const from = column > frameWidth - 20 ? column - 40 : Math.min(indent, column);
  const shown = sourceLine
    .slice(from, from + frameWidth)
    .replaceAll('\t', '→')
    .replaceAll(/\p{Cc}/gu, '\ufffd');
  const squiggle = '~'.repeat(Math.max(1, Math.min(at.length, from + frameWidth - column)));
  const cut = from > indent ? '...' : '';
  return [`  ${cut}${shown}`, `  ${' '.repeat(cut.length + column - from)}${paint.red(squiggle)}`];
}
