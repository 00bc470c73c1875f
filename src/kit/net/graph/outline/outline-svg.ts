import type { ShapedGraph } from '../infer-shapes.ts';
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
export function outlineSvg(inferred: ShapedGraph, title: string): string {
  const { channels, height, width } = inferred.graph.input;
  const boxes = outlineOf(inferred).map((entry) => ({ entry, lines: wrapped(entry.words), figures: figuresOf(entry) }));
  const top = margin + 3 * lineHeight;
  let y = top;
  const drawn = boxes.map((box) => {
    const text = drawBox(box, y);
    y += heightOf(box) + gap;
    return text;
  });
  const total = `${count(inferred.multiplyAdds)} multiply-adds, ${boxes.length} boxes for ${inferred.graph.layers.length} layers`;
  const size = { width: 2 * margin + boxWidth + figuresWidth, height: y - gap + margin };
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${size.width}" height="${size.height}" viewBox="0 0 ${size.width} ${size.height}">
<style>${style}</style>
<rect class="page" width="100%" height="100%"/>
<text class="title" x="${margin}" y="${margin + 4}">${escaped(title)}</text>
<text class="figures" x="${margin}" y="${margin + 4 + lineHeight}">takes ${channels} x ${height} x ${width}; ${escaped(total)}</text>
${drawn.join('\n')}
</svg>
`;
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
    ...(parameters > 0 ? [`${count(parameters)} parameters`] : []),
    ...(outputs.length > 0 ? [`output ${outputs.join(', ')}`] : []),
  ];
}

function drawBox(box: Box, y: number): string {
  const { entry, lines, figures } = box;
  const height = heightOf(box);
  const middle = margin + boxWidth / 2;
  const badge =
    entry.repeats > 1
      ? `<text class="badge" x="${margin + boxWidth - 12}" y="${y + 18}" text-anchor="end">${entry.repeats} times</text>`
      : '';
  return `<path class="arrow" d="M${middle} ${y - gap} V${y - 6}"/><path class="head" d="M${middle - 4} ${y - 7} h8 l-4 7 z"/>
<rect class="${entry.repeats > 1 ? 'repeated' : 'box'}" x="${margin}" y="${y}" width="${boxWidth}" height="${height}" rx="5"/>
<text class="title" x="${margin + 12}" y="${y + 18}">${escaped(entry.title)}</text>${badge}
${texts('', margin + 12, y + 18 + lineHeight, lines)}
${texts('figures', margin + boxWidth + 14, y + 18, figures)}`;
}

function texts(kind: string, x: number, y: number, lines: readonly string[]): string {
  return lines
    .map((line, index) => `<text class="${kind}" x="${x}" y="${y + index * lineHeight}">${escaped(line)}</text>`)
    .join('');
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

/** `43.6 M`, `1.2 k`, `512`. */
function count(value: number): string {
  const units = ['', ' k', ' M', ' G'];
  let scaled = value;
  let unit = 0;
  while (scaled >= 1000 && unit < units.length - 1) {
    scaled /= 1000;
    unit += 1;
  }
  return unit === 0 ? String(value) : `${scaled.toFixed(1)}${units[unit] ?? ''}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
