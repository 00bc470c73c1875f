/** Text that means itself in Markdown, also within a table; an underscore within a word does so anyhow. */
export function escapedMarkdown(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*|~]/g, String.raw`\$&`)
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, String.raw`\_`)
    .replaceAll(/\](?=[([])/g, String.raw`\]`)
    .replaceAll(/\s+/g, ' ');
}

/** The same at the beginning of a line, where some signs begin a list, a heading, a quotation or the definition of a link. */
export function escapedMarkdownLine(text: string): string {
  return escapedMarkdown(text.trim())
    .replace(/^[-+>#=[]/, String.raw`\$&`)
    .replace(/^(\d+)([.)])/, String.raw`$1\$2`);
}

/** A link whose text and address may hold any sign. */
export function markdownLink(text: string, address: string): string {
  const shown = text
    .split(/([[\]])/)
    .map((part) => (/^[[\]]$/.test(part) ? `\\${part}` : escapedMarkdown(part)))
    .join('');
  const target = address.replaceAll(/[\s<>]/g, encodeURIComponent).replaceAll(/[()\\]/g, String.raw`\$&`);
  return `[${shown}](${target})`;
}
