import { type Html, joinHtml, markup } from '../../src/kit/draw/html.ts';
import { fixed, groupedInteger } from '../../src/kit/draw/number-text.ts';
import { drawTable } from '../../src/kit/draw/table.ts';
import type { SheetImage } from '../../src/kit/face/alignment-result.ts';
import type { Alignment } from './read-inputs.ts';

/** What became of photographs: counts, and the images to look at; undefined if there are none. */
export function alignmentSection(alignments: readonly Alignment[]): Html | undefined {
  if (alignments.length === 0) return undefined;
  return markup`<section id="alignment">
    <h2>Alignment</h2>
    <p>
      Faces were turned, moved and enlarged so that eyes, nose and mouth are where networks expect them. The residual is
      how far the five points are from there afterwards, on average, in pixels of an image 112 high.
    </p>
    ${alignments.map((alignment) => alignmentDetails(alignment, alignments.length > 1))}
  </section>`;
}

function alignmentDetails({ name, result: { counts, sheet } }: Alignment, named: boolean): Html {
  return markup`<div class="set">
    ${named ? markup`<h3>${name}</h3>` : undefined}
    <div class="counts">${drawTable(
      Object.entries(counts),
      [
        { title: 'figure', cell: ([figure]) => figure },
        {
          title: '',
          numeric: true,
          cell: ([, value]) => (Number.isInteger(value) ? groupedInteger(value) : fixed(value, 2)),
        },
      ],
      markup`<b>What became of the images.</b> Aligned, cropped, listed and left out add up to the images.`,
    )}</div>
    ${sheetFigure('The first', 'Aligned, in the order of the input; below each its residual.', sheet.first)}
    ${sheetFigure('The strangest', 'Aligned by points that fit the template worst.', sheet.strangest)}
    ${sheetFigure('Without points', 'The first of those that were cut out without points.', sheet.cropped)}
    ${sheetFigure('Left out', 'The first of those that were left out, and why.', sheet.failed)}
  </div>`;
}

function sheetFigure(title: string, caption: string, images: readonly SheetImage[]): Html | undefined {
  if (images.length === 0) return undefined;
  const cards = images.map(
    (each) =>
      markup`<li>
        ${isImage(each.thumbnail) ? markup`<img src="${each.thumbnail}" alt="${each.image}" />` : undefined}<span
          title="${each.image}"
          >${breakable(lastPart(each.image))}<br /><i>${each.caption}</i></span
        >
      </li>`,
  );
  return markup`<figure class="sheet">
    <ul>
      ${cards}
    </ul>
    <figcaption><b>${title}.</b> ${caption}</figcaption>
  </figure>`;
}

function lastPart(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

/** Names of files are long and without blanks: a line may end behind each of their parts. */
function breakable(name: string): Html {
  return joinHtml(
    name.split(/(?<=[_-])/).map((part) => markup`${part}`),
    '<wbr />',
  );
}

/** Only images that are part of the page itself: a page must not ask anyone for anything. */
function isImage(source: string): boolean {
  return /^data:image\/jpeg;base64,[\w+/=]+$/.test(source);
}
