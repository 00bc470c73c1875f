import { existsSync, readFileSync, statSync } from 'node:fs';
import { fail } from '../../core/failure.ts';
import { failures } from '../failures.ts';

/** A Markdown file, and the lines of it that begin and end the block of a table. */
interface MarkdownBlock {
  readonly lines: readonly string[];
  readonly first: number;
  readonly last: number;
}

/** A Markdown file with its block of a table written again, in the line endings of the file. Fails as {@link blockIn} does. */
export function withBlock(path: string, name: string, form: string): string {
  const { lines, first, last } = blockIn(path, name);
  const ending = lines[first]?.endsWith('\r') === true ? '\r' : '';
  const block = ['', ...form.trimEnd().split('\n'), ''].map((line) => line + ending);
  return [...lines.slice(0, first + 1), ...block, ...lines.slice(last)].join('\n');
}

/**
 * Finds the block of a table. Fails if the file has none, if it has more than one, of which one would grow old, and if it is not a
 * text that can be written back as it was.
 */
export function blockIn(path: string, name: string): MarkdownBlock {
  const [begin, end] = [`<!-- flow table ${name} -->`, `<!-- /flow table ${name} -->`];
  const lines = existsSync(path) ? readText(path).split('\n') : [];
  const [firsts, lasts] = [markerLines(lines, begin), markerLines(lines, end)];
  if (firsts.length > 1 || lasts.length > 1) {
    const found = [...firsts, ...lasts].sort((one, other) => one - other).map((line) => line + 1);
    return fail(failures.severalTableBlocks({ begin, end, lines: found }, { file: path }));
  }
  const [first, last] = [firsts[0], lasts[0]];
  if (first === undefined || last === undefined || last < first) {
    return fail(failures.noTableBlock({ begin, end }, { file: path }));
  }
  return { lines, first, last };
}

function readText(path: string): string {
  const stat = statSync(path);
  if (!stat.isFile())
    return fail(failures.notMarkdown({ found: stat.isDirectory() ? 'a folder' : 'no file' }, { file: path }));
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(readFileSync(path));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail(failures.notMarkdown({ found: 'bytes that are not UTF-8' }, { file: path }));
  }
}

/** The lines of a marker outside of blocks of code, which hold examples: such a block ends at a fence as long as its first. */
function markerLines(lines: readonly string[], marker: string): readonly number[] {
  let fence = '';
  const found: number[] = [];
  for (const [index, line] of lines.entries()) {
    const signs = /^(?:`{3,}|~{3,})/.exec(line.trim())?.[0] ?? '';
    const rest = line.trim().slice(signs.length);
    if (fence === '' && signs !== '') fence = signs;
    else if (fence !== '' && signs.startsWith(fence) && rest === '') fence = '';
    else if (fence === '' && line.trim() === marker) found.push(index);
  }
  return found;
}
