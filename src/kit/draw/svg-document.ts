import { Html, markup } from './html.ts';

/** A drawing in a file of its own. */
export interface SvgDocument {
  /** In pixels. */
  readonly width: number;
  readonly height: number;
  /** CSS. */
  readonly style: string;
  readonly body: Html;
}

/** The text of an SVG file that needs nothing else: no font, no script, no request. */
export function svgDocument({ width, height, style, body }: SvgDocument): string {
  return markup`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">
<style>${new Html(style)}</style>
${body}
</svg>
`.text;
}
