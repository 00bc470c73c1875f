/** One escape sequence (ECMA-48 CSI or OSC) or one character. */
const unit = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|.)|./gsu;

/** Blocks of East Asian wide characters and emoji, which take two columns (Unicode Standard Annex 11, the common ones). */
const wide = /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\u{1f300}-\u{1faff}]/u;

/** Columns that a text takes on a terminal; escape sequences take none. */
export function textWidth(text: string): number {
  return (text.match(unit) ?? []).reduce((width, each) => width + unitWidth(each), 0);
}

/** Cuts a text to so many columns; escape sequences behind the cut stay, so that no colour leaks into the next line. */
export function truncateText(text: string, columns: number): string {
  if (textWidth(text) <= columns) return text;
  let width = 0;
  let full = false;
  let result = '';
  for (const each of text.match(unit) ?? []) {
    const next = width + unitWidth(each);
    if (unitWidth(each) === 0) result += each;
    else if (!full && next <= columns - 1) {
      result += each;
      width = next;
    } else if (!full) {
      full = true;
      result += '…';
    }
  }
  return result;
}

/** Fills a text with spaces up to so many columns. */
export function padText(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - textWidth(text)));
}

/** A program's output made harmless: without escape sequences and control characters, which could move the cursor. */
export function plainText(text: string): string {
  return (text.match(unit) ?? []).filter((each) => unitWidth(each) > 0 || each === '\n').join('');
}

/** Breaks a text at spaces into lines of at most so many columns; a longer word gets a line of its own. */
export function wrapText(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/u).filter((each) => each !== '')) {
    if (line !== '' && textWidth(line) + 1 + textWidth(word) > columns) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return line === '' ? lines : [...lines, line];
}

function unitWidth(each: string): number {
  if (each.length > 1 && each.startsWith('\u001b')) return 0;
  const code = each.codePointAt(0) ?? 0;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0)) return 0;
  return wide.test(each) ? 2 : 1;
}
