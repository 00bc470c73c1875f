import { type Html, joinHtml, markup } from '../draw/html.ts';
import { renderPage } from '../draw/page.ts';
import { type Inspection, type SampleImage, shownValue } from './inspection.ts';

/** A contact sheet: one self-contained HTML page with the facts, the histogram and some images. */
export function renderInspectionPage(inspection: Inspection): string {
  const { path, title, summary, facts, notes, damage, samples } = inspection;
  const rows = facts.map(({ name, value }) => markup`<tr><th>${name}<td>${shownValue(value)}`);
  const paragraphs = notes.map((note) => markup`<p>${note}</p>`);
  const damages = damage.map(({ code, message }) => markup`<p class="damage"><b>${code}</b> ${message}</p>`);
  const body = markup`<h1>${title}</h1>
<p><code>${path}</code></p>
<p>${summary}</p>
<table>${joinHtml(rows, '\n')}</table>
${histogram(inspection)}
${joinHtml(paragraphs, '\n')}
${joinHtml(damages, '\n')}
<div class="sheet">${joinHtml(samples.map(figure), '\n')}</div>`;
  return renderPage({ title: path, styles: [style], body });
}

const style = `
  body { font: 15px/1.5 system-ui, sans-serif; max-width: 68rem; margin: 2rem auto; padding: 0 1rem; color: #222; background: #fff }
  h1 { font-size: 1.4rem; margin-bottom: 0 }
  th { text-align: left; font-weight: 600; padding-right: 1.5rem; vertical-align: top }
  .bar { display: inline-block; height: .8rem; background: #4a7fb5; margin-right: .5rem }
  .damage { color: #b00020 }
  .sheet { display: flex; flex-wrap: wrap; gap: .75rem; margin-top: 1.5rem }
  figure { margin: 0; width: 112px }
  figure img { width: 112px; height: 112px; object-fit: contain; background: #eee }
  figcaption { font-size: 11px; line-height: 1.3; overflow-wrap: anywhere }
  @media (prefers-color-scheme: dark) { body { color: #ddd; background: #181818 } figure img { background: #333 } }
`;

function histogram({ imagesPerIdentity = [] }: Inspection): Html | undefined {
  if (imagesPerIdentity.length === 0) return undefined;
  const largest = Math.max(...imagesPerIdentity.map(({ identities }) => identities));
  const rows = imagesPerIdentity.map(({ range, identities }) => {
    const width = ((identities / largest) * 30).toFixed(1);
    return markup`<tr><th>${range}<td><span class="bar" style="width: ${width}rem"></span>${shownValue(identities)}`;
  });
  return markup`<h2>Images per identity</h2>
<table>${joinHtml(rows, '\n')}</table>`;
}

function figure({ caption, bytes }: SampleImage): Html {
  // Browsers recognise images by their content, whatever type the address names.
  const source = `data:image/jpeg;base64,${Buffer.from(bytes).toString('base64')}`;
  return markup`<figure><img src="${source}" alt="${caption}"><figcaption>${caption}</figcaption></figure>`;
}
