/** Text that means itself in Markdown, also within a table; an underscore within a word does so anyhow. */
export function escapedMarkdown(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll(/[\\`*|]/g, String.raw`\$&`)
    .replaceAll(/(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])/g, String.raw`\_`)
    .replaceAll(/\](?=[([])/g, String.raw`\]`)
    .replaceAll(/\s+/g, ' ');
}
