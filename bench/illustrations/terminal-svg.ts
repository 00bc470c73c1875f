import { type Html, joinHtml, markup } from '../../src/kit/draw/html.ts';
import { svgDocument } from '../../src/kit/draw/svg-document.ts';
import { textWidth } from '../../src/core/text/terminal-text.ts';

/** One look of characters: what the escape sequences of a terminal ask for. */
interface Look {
  readonly bold: boolean;
  readonly dim: boolean;
  /** 0 to 7 as in ECMA-48 (30 to 37); undefined: the colour of text. */
  readonly colour: number | undefined;
}

interface Run extends Look {
  readonly column: number;
  readonly text: string;
}

/** A screen that is shown from one moment to the next, in seconds. */
export interface Frame {
  readonly screen: string;
  readonly from: number;
}

const cell = { width: 8.4, height: 19, padding: 18 } as const;
const plain: Look = { bold: false, dim: false, colour: undefined };

/** What a terminal showed, as text with escape sequences (`tmux capture-pane -e -p`), as an image that scales. */
export function terminalSvg(screen: string, columns: number): string {
  const lines = screen.trimEnd().split('\n');
  return screenSvg({ columns, rows: lines.length }, drawLines(lines));
}

/** Several screens one after the other, without end; the last stays for `lastSeconds`. No script: CSS alone. */
export function recordingSvg(frames: readonly Frame[], columns: number, lastSeconds: number): string {
  const rows = Math.max(...frames.map(({ screen }) => screen.trimEnd().split('\n').length));
  const total = (frames.at(-1)?.from ?? 0) + lastSeconds;
  const share = (seconds: number): string => ((100 * seconds) / total).toFixed(2);
  const rules = frames.map(({ from }, index) => {
    const end = frames[index + 1]?.from ?? total;
    const steps = `0%{opacity:0}${share(from)}%{opacity:1}${share(end)}%{opacity:0}100%{opacity:0}`;
    const last = `0%{opacity:0}${share(from)}%{opacity:1}100%{opacity:1}`;
    const first = `0%{opacity:1}${share(end)}%{opacity:0}100%{opacity:0}`;
    const keys = index === frames.length - 1 ? last : index === 0 ? first : steps;
    return `@keyframes f${index}{${keys}}.f${index}{animation:f${index} ${total.toFixed(1)}s step-end infinite}`;
  });
  const groups = frames.map(
    ({ screen }, index) => markup`<g class="f${index}" opacity="0">${drawLines(screen.trimEnd().split('\n'))}</g>`,
  );
  return screenSvg({ columns, rows, rules: rules.join('\n') }, joinHtml(groups, '\n'));
}

function screenSvg(
  { columns, rows, rules = '' }: { columns: number; rows: number; rules?: string },
  body: Html,
): string {
  const width = Math.round(columns * cell.width + 2 * cell.padding);
  const height = rows * cell.height + 2 * cell.padding;
  const frame = markup`<rect x="0.5" y="0.5" width="${width - 1}" height="${height - 1}" rx="8"/>`;
  return svgDocument({ width, height, style: `${style}${rules}\n`, body: joinHtml([frame, body], '\n') });
}

const style = `
rect{fill:#fbfaf7;stroke:#dcd8ce}
text{font:14px ui-monospace,"SF Mono",Menlo,Consolas,"DejaVu Sans Mono",monospace;fill:#24231f;white-space:pre}
.b{font-weight:600}.d{fill:#78746b}.c1{fill:#b3372a}.c2{fill:#3c7a3a}.c3{fill:#97700c}.c4{fill:#2b6496}.c5{fill:#7d5a9b}.c6{fill:#1f7d86}
@media (prefers-color-scheme:dark){rect{fill:#17181a;stroke:#3a3a3b}text{fill:#e6e3dc}.d{fill:#96928a}.c1{fill:#f0806e}.c2{fill:#90c58c}.c3{fill:#e0bd5c}.c4{fill:#7db2de}.c5{fill:#bd9fdb}.c6{fill:#72c6cc}}
`;

function drawLines(lines: readonly string[]): Html {
  let look = plain;
  const drawn = lines.flatMap((line, row) => {
    const runs = runsOf(line, look);
    look = runs.look;
    return runs.runs.map((run) => drawRun(run, row));
  });
  return joinHtml(drawn, '\n');
}

/** Stretched to its cells, so that columns stand below each other in whatever font there is. */
function drawRun({ column, text, ...look }: Run, row: number): Html {
  const x = (cell.padding + column * cell.width).toFixed(1);
  const y = cell.padding + (row + 0.75) * cell.height;
  const length = (textWidth(text) * cell.width).toFixed(1);
  return markup`<text x="${x}" y="${y}" textLength="${length}" lengthAdjust="spacingAndGlyphs"${classOf(look)}>${text}</text>`;
}

function classOf({ bold, dim, colour }: Look): Html | undefined {
  const names = [...(bold ? ['b'] : []), ...(dim ? ['d'] : []), ...(colour === undefined ? [] : [`c${colour}`])];
  return names.length === 0 ? undefined : markup` class="${names.join(' ')}"`;
}

/** A line cut into runs of one look each; the look at its end is that at the start of the next line. */
function runsOf(line: string, start: Look): { readonly runs: readonly Run[]; readonly look: Look } {
  const runs: Run[] = [];
  let look = start;
  let column = 0;
  for (const [, codes, text = ''] of line.matchAll(/\u001b\[([\d;]*)m|([^\u001b]+)/g)) {
    if (codes !== undefined) look = lookAfter(look, codes);
    // Blanks have no look; words apart are placed apart, so that no font can shift them.
    for (const { 0: word, index } of text.matchAll(/\S+(?: \S+)*/g)) {
      runs.push({ ...look, text: word, column: column + textWidth(text.slice(0, index)) });
    }
    column += textWidth(text);
  }
  return { runs, look };
}

/** ECMA-48, select graphic rendition: the part that this project's own output uses. */
function lookAfter(look: Look, codes: string): Look {
  return codes.split(';').reduce((each, text): Look => {
    const code = Number(text);
    if (code === 0) return plain;
    if (code === 1) return { ...each, bold: true };
    if (code === 2) return { ...each, dim: true };
    if (code === 22) return { ...each, bold: false, dim: false };
    if (code >= 30 && code <= 37) return { ...each, colour: code - 30 };
    return code === 39 ? { ...each, colour: undefined } : each;
  }, look);
}
