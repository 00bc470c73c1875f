import { createHash } from 'node:crypto';
import { pageScript } from './page-script.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem; }
main { display: grid; gap: 1.5rem; grid-template-columns: repeat(auto-fit, minmax(18rem, 1fr)); }
section { border: 2px dashed currentColor; border-radius: .5rem; padding: 1rem; }
section.over { border-style: solid; }
canvas { display: block; margin-top: 1rem; }
canvas[hidden] { display: none; }
canvas.photograph { max-width: 100%; }
input { font: inherit; max-width: 100%; }
#status { font-size: 1.2rem; min-height: 3.6rem; }
#status.same::before { content: '= '; }
#status.different::before { content: '\\2260 '; }
#status.problem::before { content: '! '; }
`;

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** Nothing but what the page itself brings runs or is shown, and it talks to its own service only. */
export const pagePolicy = [
  "default-src 'none'",
  `script-src ${hashOf(pageScript)}`,
  `style-src ${hashOf(style)}`,
  "connect-src 'self'",
  "img-src 'self' blob: data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

function zone(id: string, title: string): string {
  return `<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
<label>Choose it, or drop it here: <input type="file" accept="image/*"></label>
<p class="facts"></p>
<canvas class="photograph" role="img" aria-label="${title}" hidden></canvas>
<canvas class="crop" role="img" aria-label="The face" width="160" height="160" hidden></canvas>
</section>`;
}

/** The page to try the service: two photographs in; boxes, points, crops, similarity and verdict out. */
export function pageHtml(): string {
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<link rel="icon" href="data:,">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>faceflow: are these one person?</title>
<style>${style}</style>
<body>
<header>
<h1>Are these one person?</h1>
<p>The photographs go to this service and nowhere else, and are not kept. The largest face of each is compared.</p>
<p><label>Token, if the service asks for one: <input id="token" type="password" autocomplete="off"></label></p>
</header>
<main aria-label="Two photographs">
${zone('first', 'First photograph')}
${zone('second', 'Second photograph')}
</main>
<footer>
<p id="status" role="status">Choose two photographs.</p>
</footer>
<script>${pageScript}</script>
</body>
</html>
`;
}
