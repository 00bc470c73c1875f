import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { markup } from '../../../src/kit/draw/html.ts';
import { renderPage } from '../../../src/kit/draw/page.ts';
import { svgDocument } from '../../../src/kit/draw/svg-document.ts';

const body = markup`<p>${'1 < 2'}</p>`;

function policyOf(page: string): string | undefined {
  return /Content-Security-Policy" content="([^"]*)"/.exec(page)?.[1]?.replaceAll('&#39;', "'");
}

test('a page allows the one script that it carries', () => {
  const page = renderPage({ title: 'A & B', styles: ['p { color: red }', 'p > b { }'], body, script: 'go("<p>")' });
  const digest = createHash('sha256').update('go("<p>")').digest('base64');
  expect(policyOf(page)).toBe(
    `default-src 'none'; img-src data:; style-src 'unsafe-inline'; script-src 'sha256-${digest}'`,
  );
  expect(page).toContain('<body>\n<p>1 &lt; 2</p>\n<script>go("<p>")</script>\n</body>');
  expect(page).toContain('<title>A &amp; B</title>\n<style>p { color: red }p > b { }</style>');
});

test('a page without a script allows none', () => {
  const page = renderPage({ title: '', styles: [], body });
  expect(policyOf(page)).toBe("default-src 'none'; img-src data:; style-src 'unsafe-inline'");
  expect(page).not.toContain('<script');
});

test('a drawing in a file of its own names its size and carries its style', () => {
  expect(svgDocument({ width: 3, height: 4, style: 'g > a { }', body: markup`<g/>` })).toBe(
    '<svg xmlns="http://www.w3.org/2000/svg" width="3" height="4" viewBox="0 0 3 4">\n<style>g > a { }</style>\n<g/>\n</svg>\n',
  );
});
