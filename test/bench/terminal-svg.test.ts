import { expect, test } from 'vitest';
import { recordingSvg, terminalSvg } from '../../bench/illustrations/terminal-svg.ts';

/** Class, column and text of everything written in an image. */
function words(svg: string): string[] {
  return [...svg.matchAll(/<text x="([\d.]+)"[^>]*?(?: class="([^"]*)")?>([^<]*)<\/text>/g)].map(
    ([, x, look = '', text]) => `${Math.round((Number(x) - 18) / 8.4)} ${look}: ${text ?? ''}`,
  );
}

test('every stretch of one look is at its column', () => {
  const screen =
    '\u001b[1mquickstart\u001b[0m\u001b[39m \u001b[2mdone & <dusted>\u001b[22m\n  \u001b[32m✔\u001b[39m pack    1.9 s\n';
  expect(words(terminalSvg(screen, 80))).toEqual([
    '0 b: quickstart',
    '11 d: done &amp; &lt;dusted&gt;',
    '2 c2: ✔',
    '4 : pack',
    '12 : 1.9 s',
  ]);
});

test('a look goes on into the next line until it is ended, as on a terminal', () => {
  expect(words(terminalSvg('\u001b[2;36mone\ntwo\u001b[0m three', 80))).toEqual([
    '0 d c6: one',
    '0 d c6: two',
    '4 : three',
  ]);
});

test('a recording shows each screen from its moment on, and is as high as the highest', () => {
  const svg = recordingSvg(
    [
      { screen: 'one', from: 0 },
      { screen: 'two\nlines', from: 1 },
      { screen: 'three', from: 3 },
    ],
    10,
    1,
  );
  expect(svg).toContain('viewBox="0 0 120 74"');
  expect(svg).toContain('@keyframes f0{0%{opacity:1}25.00%{opacity:0}100%{opacity:0}}');
  expect(svg).toContain('@keyframes f1{0%{opacity:0}25.00%{opacity:1}75.00%{opacity:0}100%{opacity:0}}');
  expect(svg).toContain('@keyframes f2{0%{opacity:0}75.00%{opacity:1}100%{opacity:1}}');
  expect(words(svg)).toEqual(['0 : one', '0 : two', '0 : lines', '0 : three']);
});
