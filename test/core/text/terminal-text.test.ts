import { expect, test } from 'vitest';
import { padText, plainText, textWidth, truncateText, wrapText } from '../../../src/core/text/terminal-text.ts';

const red = (text: string): string => `\u001b[31m${text}\u001b[39m`;

test('escape sequences take no columns and wide characters take two', () => {
  expect(textWidth(red('train'))).toBe(5);
  expect(textWidth('顔 ✔')).toBe(4);
});

test('a text that is cut keeps the sequences behind the cut, so that its colour ends with it', () => {
  expect(truncateText(`ab${red('cdef')}`, 4)).toBe(`ab${red('c…')}`);
  expect(truncateText(red('abcd'), 4)).toBe(red('abcd'));
  expect(truncateText('顔顔顔', 4)).toBe('顔…');
});

test('padding counts columns, not characters', () => {
  expect(padText(red('ab'), 4)).toBe(`${red('ab')}  `);
  expect(padText('abcdef', 4)).toBe('abcdef');
});

test('the output of a program cannot move the cursor or change the title of the window', () => {
  expect(plainText('\u001b[2Jone\r\u0007\n\u001b]0;title\u0007two\u001b[31m!')).toBe('one\ntwo!');
});

test('lines break at spaces, and a word longer than a line gets its own', () => {
  expect(wrapText('one two three-and-four five', 9)).toEqual(['one two', 'three-and-four', 'five']);
  expect(wrapText('  ', 9)).toEqual([]);
});
