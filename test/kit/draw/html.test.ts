import { expect, test } from 'vitest';
import { joinHtml, markup } from '../../../src/kit/draw/html.ts';

test('texts and numbers are escaped, markup and lists of it are inserted', () => {
  const name = `<b onclick="x">O'Neil & sons</b>`;
  expect(markup`<p title="${name}">${[markup`<i>${name}</i>`, 1, undefined]}</p>`.text).toBe(
    '<p title="&lt;b onclick=&quot;x&quot;&gt;O&#39;Neil &amp; sons&lt;/b&gt;">' +
      '<i>&lt;b onclick=&quot;x&quot;&gt;O&#39;Neil &amp; sons&lt;/b&gt;</i>1</p>',
  );
});

test('markup is joined as markup', () => {
  expect(joinHtml([markup`<b>1</b>`, markup`${'<'}`], '<br>').text).toBe('<b>1</b><br>&lt;');
});
