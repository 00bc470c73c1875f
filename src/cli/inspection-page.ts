import type { Inspection, SampleImage } from '../kit/inspect/inspection.ts';
import { shownValue } from './inspection-text.ts';

/** A contact sheet: one self-contained HTML page with the facts, the histogram and some images. */
export function renderInspectionPage(inspection: Inspection): string {
  const { path, title, summary, facts, notes, damage, samples } = inspection;
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${escape(path)}</title>
<style>${style}</style>
<h1>${escape(title)}</h1>
<p><code>${escape(path)}</code></p>
<p>${escape(summary)}</p>
<table>${facts.map(({ name, value }) => `<tr><th>${escape(name)}<td>${escape(shownValue(value))}`).join('\n')}</table>
${histogram(inspection)}
${notes.map((note) => `<p>${escape(note)}</p>`).join('\n')}
${damage.map(({ code, message }) => `<p class="damage"><b>${escape(code)}</b> ${escape(message)}</p>`).join('\n')}
<div class="sheet">${samples.map(figure).join('\n')}</div>
</html>
`;
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

function histogram({ imagesPerIdentity = [] }: Inspection): string {
  if (imagesPerIdentity.length === 0) return '';
  const largest = Math.max(...imagesPerIdentity.map(({ identities }) => identities));
  const rows = imagesPerIdentity.map(({ range, identities }) => {
    const width = ((identities / largest) * 30).toFixed(1);
    return `<tr><th>${escape(range)}<td><span class="bar" style="width: ${width}rem"></span>${shownValue(identities)}`;
  });
  return `<h2>Images per identity</h2>\n<table>${rows.join('\n')}</table>`;
}

function figure({ caption, bytes }: SampleImage): string {
  // Browsers recognise images by their content, whatever type the address names.
  const data = Buffer.from(bytes).toString('base64');
  return `<figure><img src="data:image/jpeg;base64,${data}" alt="${escape(caption)}"><figcaption>${escape(caption)}</figcaption></figure>`;
}

function escape(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
