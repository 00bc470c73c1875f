import type { ByteLocation, Failure, TextLocation } from '../../core/failure.ts';

export interface FrameStyle {
  readonly colour: boolean;
}

/** Longer source lines are cut around the place in question. */
const frameWidth = 120;

/** Failures as text for people: place, code, sentence, the source line with a squiggle, a hint. No newline at the end. */
export function renderFailures(failures: readonly Failure[], style: FrameStyle): string {
  const paint = style.colour ? painter : plain;
  return failures.map((failure) => renderFailure(failure, paint)).join('\n\n');
}

type Paint = (kind: 'place' | 'code' | 'squiggle' | 'hint', text: string) => string;

const plain: Paint = (_, text) => text;

const painter: Paint = (kind, text) => {
  const codes = { place: 1, code: 31, squiggle: 31, hint: 36 };
  return `\u001B[${String(codes[kind])}m${text}\u001B[0m`;
};

function renderFailure({ code, message, at, hint }: Failure, paint: Paint): string {
  const place = at === undefined ? '' : `${paint('place', placeOf(at))} `;
  const lines = [`${place}${paint('code', code)}: ${message}`];
  if (at !== undefined && 'line' in at && at.sourceLine?.trim()) lines.push(...frame(at, at.sourceLine, paint));
  if (hint !== undefined) lines.push(`  ${paint('hint', hint)}`);
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
  // The end of a long line is cut off; so is its start, where the place in question lies far to the right.
  const from = column > frameWidth - 20 ? column - 40 : Math.min(indent, column);
  const shown = sourceLine.slice(from, from + frameWidth).replaceAll('\t', '→');
  const squiggle = '~'.repeat(Math.max(1, Math.min(at.length, from + frameWidth - column)));
  const cut = from > indent ? '...' : '';
  return [`  ${cut}${shown}`, `  ${' '.repeat(cut.length + column - from)}${paint('squiggle', squiggle)}`];
}
