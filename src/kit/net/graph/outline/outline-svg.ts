import { type Html, joinHtml, markup } from '../../../draw/html.ts';
import { shortCount } from '../../../draw/number-text.ts';
import { svgDocument } from '../../../draw/svg-document.ts';
import type { ShapedGraph } from '../shaped-graph.ts';
import { type OutlineEntry, outlineOf } from './outline.ts';

const boxWidth = 560;
const lineHeight = 17;
const gap = 22;
const margin = 24;
const figuresWidth = 190;
const lettersPerLine = 74;

const style = `
text { font: 12px ui-monospace, Menlo, Consolas, monospace; fill: #333 }
.title { font-weight: 600; fill: #111 }
.figures { fill: #666 }
.box { fill: #f5f7fa; stroke: #b8c2cc }
.repeated { fill: #e8f0fb; stroke: #7fa3cc }
.badge { fill: #2f6fb3; font-weight: 600 }
.arrow { stroke: #8894a0; fill: none }
.head { fill: #8894a0 }
.page { fill: #fff }`;

/** An image of a network, from top to bottom: one box for each entry of its outline, with shapes and counts beside it. */
export function outlineSvg(shaped: ShapedGraph, title: string): string {
  const { channels, height, width } = shaped.graph.input;
  const boxes = outlineOf(shaped).map((entry) => ({ entry, lines: wrapped(entry.words), figures: figuresOf(entry) }));
  const top = margin + 3 * lineHeight;
  let y = top;
  const drawn = boxes.map((box) => {
    const text = drawBox(box, y);
    y += heightOf(box) + gap;
    return text;
  });
  const total = `${shortCount(shaped.multiplyAdds)} multiply-adds, ${boxes.length} boxes for ${shaped.graph.layers.length} layers`;
  const body = markup`<rect class="page" width="100%" height="100%"/>
<text class="title" x="${margin}" y="${margin + 4}">${title}</text>
<text class="figures" x="${margin}" y="${margin + 4 + lineHeight}">takes ${channels} x ${height} x ${width}; ${total}</text>
${joinHtml(drawn, '\n')}`;
  return svgDocument({ width: 2 * margin + boxWidth + figuresWidth, height: y - gap + margin, style, body });
}

interface Box {
  readonly entry: OutlineEntry;
  /** Within the box. */
  readonly lines: readonly string[];
  /** Beside it. */
  readonly figures: readonly string[];
}

function figuresOf({ shape, parameters, outputs }: OutlineEntry): string[] {
  return [
    shape.join(' x '),
    ...(parameters > 0 ? [`${shortCount(parameters)} parameters`] : []),
    ...(outputs.length > 0 ? [`output ${outputs.join(', ')}`] : []),
  ];
}

function drawBox(box: Box, y: number): Html {
  const { entry, lines, figures } = box;
  const middle = margin + boxWidth / 2;
  const badge = markup`<text class="badge" x="${margin + boxWidth - 12}" y="${y + 18}" text-anchor="end">${entry.repeats} times</text>`;
  return markup`<path class="arrow" d="M${middle} ${y - gap} V${y - 6}"/><path class="head" d="M${middle - 4} ${y - 7} h8 l-4 7 z"/>
<rect class="${entry.repeats > 1 ? 'repeated' : 'box'}" x="${margin}" y="${y}" width="${boxWidth}" height="${heightOf(box)}" rx="5"/>
<text class="title" x="${margin + 12}" y="${y + 18}">${entry.title}</text>${entry.repeats > 1 ? badge : undefined}
${drawLines('', [margin + 12, y + 18 + lineHeight], lines)}
${drawLines('figures', [margin + boxWidth + 14, y + 18], figures)}`;
}

function drawLines(kind: string, [x, y]: readonly [number, number], lines: readonly string[]): readonly Html[] {
  return lines.map(
    (line, index) => markup`<text class="${kind}" x="${x}" y="${y + index * lineHeight}">${line}</text>`,
  );
}

function heightOf({ lines, figures }: Box): number {
  return 14 + lineHeight * Math.max(lines.length + 1, figures.length);
}

/** The words of the layers in lines of a box. */
function wrapped(words: readonly string[]): string[] {
  const lines: string[] = [];
  for (const word of words) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + word.length + 3 <= lettersPerLine)
      lines[lines.length - 1] = `${last} · ${word}`;
    else lines.push(word);
  }
  return lines;
}
