import { createHash } from 'node:crypto';
import { Html, joinHtml, markup } from './html.ts';

/** What goes into the frame of a page. */
export interface PageParts {
  readonly title: string;
  /** Style sheets, in the order in which they apply. */
  readonly styles: readonly string[];
  readonly body: Html;
  readonly script?: string;
}

/**
 * A whole page as one text that makes no request. Its content security policy lets the browser itself refuse every
 * request, and every script but the one given.
 */
export function renderPage({ title, styles, body, script }: PageParts): string {
  // Not with `markup`: the bundler takes a tagged template with the end of a script for one to be rewritten.
  const scripts = script === undefined ? [] : [new Html(`<script>${script}</script>`)];
  const allowed = script === undefined ? '' : `; script-src 'sha256-${sha256(script)}'`;
  const policy = `default-src 'none'; img-src data:; style-src 'unsafe-inline'${allowed}`;
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<style>${new Html(styles.join(''))}</style>
</head>
<body>
${joinHtml([body, ...scripts], '\n')}
</body>
</html>
`.text;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('base64');
}
