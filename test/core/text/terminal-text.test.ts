import { expect, test } from 'vitest';
import { failures } from '../../../src/pipeline/record/failures.ts';
import { renderFailures } from '../../../src/core/text/failure-frame.ts';
import { padText, plainText, textWidth, truncateText, wrapText } from '../../../src/core/text/terminal-text.ts';
import { terminalText } from '../../../src/core/text/paint.ts';

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

/** A title, a cursor movement of C1, a reversed direction, a bell and a colour. */
const hostile = 'con\u001b[31m\u001b]0;title\u0007\u009b2J\u202etxt\u0007.';

test('marks that reverse the direction of a text, C1 and C0 are taken out of what comes from outside', () => {
  expect(plainText(hostile)).toBe('con2Jtxt.');
  expect(plainText('a\u2066b\u2069c\u200fd\u061ce\u200df')).toBe('abcde\u200df');
});

test('what is printed keeps the colours of ours if there are any, tabs and lines, and nothing else', () => {
  expect(terminalText(`${red('done')}\t${hostile}\n`, true)).toBe(`${red('done')}\tcon\u001b[31m2Jtxt.\n`);
  expect(terminalText(`${red('done')}\t${hostile}\n`)).toBe('done\tcon2Jtxt.\n');
  expect(terminalText('10 %\r20 %\r\n')).toBe('10 %\n20 %\n');
});

test('a failure quotes names and source lines without what a terminal would act on, and underlines the place', () => {
  const at = { file: 'a\u001b[2J.yaml', line: 1, column: 16, length: 2, sourceLine: 'name: "x\u001b[0m" yy' };
  expect(renderFailures([failures.noRunHere({ expected: 'a', found: hostile }, at)], { colour: false })).toBe(
    'a.yaml:1:16 no-run-here: expected a, found con2Jtxt.\n  name: "x·[0m" yy\n                 ~~',
  );
});
