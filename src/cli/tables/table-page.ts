import { type Html, joinHtml, markup } from '../../kit/draw/html.ts';
import { pageStyle } from '../../kit/draw/page-style.ts';
import { renderPage } from '../../kit/draw/page.ts';
import { noteMark } from '../../pipeline/table/cell-text.ts';
import type { FilledTable } from '../../pipeline/table/filled-table.ts';
import { layOut, spansOf, type Band, type Layout, type Piece } from '../../pipeline/table/layout.ts';

/** Digits of a digest that tell it from every other here. */
const shownDigits = 12;

const style = `
table.figures-table { width: auto; min-width: 60%; }
main > .scroll { margin-top: 1.6rem; }
.figures-table thead tr:last-child td { border-bottom: 1px solid var(--rule); }
.figures-table th[scope="row"] { color: var(--ink); white-space: normal; padding: 0.32rem 0.9rem 0.32rem 0; border-bottom: 0; }
.figures-table th.n { padding-right: 0; text-align: right; }
.figures-table th[scope="colgroup"] { text-align: center; padding-left: 0.9rem; }
.figures-table th[scope="rowgroup"] { font-style: italic; color: var(--ink); border-bottom: 0; padding-top: 0.7rem; }
.figures-table caption { caption-side: bottom; text-align: left; padding-top: 0.6rem; font: 0.92rem/1.4 var(--serif); color: var(--soft); }
.figures-table tbody tr:hover { background: var(--panel); }
a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 0.15em; }
a:hover { text-decoration-color: currentColor; }
sup { font-size: 0.72em; line-height: 0; }
.notes { margin: 1rem 0 0; padding: 0; list-style: none; font-size: 0.92rem; line-height: 1.45; max-width: 48rem; }
.notes li { margin: 0 0 0.25rem; }
.results td, .results th[scope="row"] { padding: 0.32rem 0.9rem 0.32rem 0; border-bottom: 0; color: var(--ink); font-size: 0.8rem; overflow-wrap: anywhere; white-space: normal; vertical-align: top; }
:target { background: var(--panel); }
`;

/** A table as a page by itself: each figure leads to the results it is made of, with their runs and digests. */
export function tablePage(table: FilledTable): string {
  const { title, name, notes, remarks, source } = table;
  const places = new Map(Object.keys(table.results).map((task, index) => [task, `result-${index + 1}`]));
  const body = markup`<header><h1>${title}</h1></header>
<main>
${figuresTable(table, places)}
<ul class="notes">
${notes.map((note, index) => markup`<li id="note-${noteMark(index)}"><sup>${noteMark(index)}</sup> ${note}</li>`)}
${remarks.map((remark) => markup`<li>${remark}</li>`)}
${source === null ? undefined : markup`<li>Published values: ${sourceLink(source)}</li>`}
</ul>
${resultsSection(table, places)}
</main>
<footer>Table “${name}”, written by flow table.</footer>`;
  return renderPage({ title, styles: [pageStyle, style], body });
}

function sourceLink({ citation, url }: { readonly citation: string; readonly url: string }): Html {
  // Only addresses that a page may lead to.
  return /^https?:\/\//.test(url) ? markup`<a href="${url}">${citation}</a>` : markup`${citation}`;
}

type Places = ReadonlyMap<string, string>;

function figuresTable(table: FilledTable, places: Places): Html {
  const layout = layOut(table);
  const { heads, bands } = layout;
  return markup`<div class="scroll" tabindex="0" role="region" aria-label="${table.title}">
<table class="figures-table">
${table.caption === '' ? undefined : markup`<caption>${table.caption}</caption>`}
<thead>
${groupLine(layout)}
<tr><td></td>${heads.map((head) => markup`<th scope="col" class="n">${pieceHtml(head, places)}</th>`)}</tr>
</thead>
${joinHtml(
  bands.map((band) => bandHtml(band, heads.length, places)),
  '\n',
)}
</table>
</div>`;
}

function groupLine({ heads }: Layout): Html | undefined {
  if (heads.every(({ group }) => group === '')) return undefined;
  const cells = spansOf(heads).map(({ group, count }) =>
    group === '' ? markup`<td colspan="${count}"></td>` : markup`<th scope="colgroup" colspan="${count}">${group}</th>`,
  );
  return markup`<tr><td></td>${cells}</tr>`;
}

function bandHtml({ group, lines }: Band, columns: number, places: Places): Html {
  const head = group === '' ? undefined : markup`<tr><th scope="rowgroup" colspan="${columns + 1}">${group}</th></tr>`;
  const rows = lines.map(({ head: label, cells }) => {
    const figures = cells.map((cell) => markup`<td class="n">${pieceHtml(cell, places)}</td>`);
    return markup`<tr><th scope="row">${pieceHtml(label, places)}</th>${figures}</tr>\n`;
  });
  return markup`<tbody>${head}${rows}</tbody>`;
}

function pieceHtml({ text, isBold, notes, cell }: Piece, places: Places): Html {
  const known = (cell?.tasks ?? []).filter((task) => places.has(task));
  const [first] = known;
  const shown = isBold ? markup`<b>${text}</b>` : markup`${text}`;
  const place = first === undefined ? undefined : places.get(first);
  const linked = place === undefined ? shown : markup`<a href="#${place}" title="${known.join(', ')}">${shown}</a>`;
  const marks = notes.map((note, index) => {
    const mark = noteMark(note);
    return markup`${index === 0 ? '' : ', '}<a href="#note-${mark}">${mark}</a>`;
  });
  return marks.length === 0 ? linked : markup`${linked}<sup>${marks}</sup>`;
}

/** What the figures are made of: for each result its run, its key, and what is in it. */
function resultsSection({ results }: FilledTable, places: Places): Html | undefined {
  const rows = Object.entries(results).map(([task, { run, key, outputs }]) => {
    const digests = Object.entries(outputs).map(
      ([port, digest], index) =>
        markup`${index === 0 ? '' : ', '}${port} <code title="${digest}">${digest.slice(0, shownDigits)}</code>`,
    );
    return markup`<tr id="${places.get(task) ?? ''}">
<th scope="row">${task}</th><td>${run}</td><td><code title="${key}">${key.slice(0, shownDigits)}</code></td><td>${digests}</td></tr>\n`;
  });
  if (rows.length === 0) return undefined;
  return markup`<section id="results"><h2>Results</h2>
<p>What the figures are made of: the run that computed each result, its key, and the digests of what it holds.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Results">
<table class="results">
<thead><tr><th scope="col">task</th><th scope="col">run</th><th scope="col">key</th><th scope="col">outputs</th></tr></thead>
<tbody>${rows}</tbody>
</table>
</div></section>`;
}
