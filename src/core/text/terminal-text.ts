import { eastAsianWidth } from 'get-east-asian-width';

/** One escape sequence (ECMA-48 CSI or OSC) or one character. */
const unit = /\u001b(?:\[[0-?]*[ -/]*[@-~]|\][^\u0007\u001b]*(?:\u0007|\u001b\\)|.)|./gsu;

const control = /^\p{Cc}$/u;
/** Marks that are drawn over the character before them, and characters that are not drawn. */
const invisible = /^[\p{Cc}\p{Cf}\p{Mn}\p{Me}]$/u;

const printableAscii = /^[ -~]*$/;

/**
 * Columns that a text takes on a terminal; escape sequences take none. Counts character by character with the table of
 * Unicode Standard Annex 11 that `string-width` uses too; that package joins characters to graphemes first, but loading
 * it takes 30 ms, a fifth of a command that prints a table.
 */
export function textWidth(text: string): number {
  if (printableAscii.test(text)) return text.length;
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
    if (unitWidth(each) === 0) result += full && !isEscape(each) ? '' : each;
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

/**
 * A text from outside made harmless, such as a program's output, a name or a path: without escape sequences, the control
 * characters C0 and C1 (which could move the cursor or set the title), and marks that reverse the direction of what
 * follows. Line feeds stay.
 */
export function plainText(text: string): string {
  return unsafe.test(text) ? withoutUnsafe(text, (each) => each === '\n') : text;
}

/** Anything but a line feed that may have to go: C0, DEL, C1, and the marks of Unicode Standard Annex 9. */
export const unsafe = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/;

/** Takes out escape sequences, control characters and marks of direction, but for those that `stays` says. */
export function withoutUnsafe(text: string, stays: (sequence: string) => boolean): string {
  const harmless = (each: string): boolean => !(isEscape(each) || control.test(each) || unsafe.test(each));
  return (text.match(unit) ?? []).filter((each) => harmless(each) || stays(each)).join('');
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
  if (isEscape(each) || invisible.test(each)) return 0;
  return eastAsianWidth(each.codePointAt(0) ?? 0);
}

function isEscape(each: string): boolean {
  return each.startsWith('\u001b');
}
