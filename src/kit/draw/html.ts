/** Markup that is known to be safe; everything else is escaped where it is put into markup. */
export class Html {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

export type Insertable = Html | string | number | undefined | readonly Insertable[];

/** Builds markup from a template; texts and numbers in it are escaped, markup and lists of it are inserted. */
export function markup(parts: TemplateStringsArray, ...values: readonly Insertable[]): Html {
  return new Html(parts.map((part, index) => part + insert(values[index])).join(''));
}

/** Joins markup with a separator, which is markup too. */
export function joinHtml(parts: readonly Html[], separator: string): Html {
  return new Html(parts.map((part) => part.text).join(separator));
}

function insert(value: Insertable): string {
  if (value === undefined) return '';
  if (value instanceof Html) return value.text;
  if (typeof value === 'string') return escapeHtml(value);
  if (typeof value === 'number') return String(value);
  return value.map(insert).join('');
}

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Safe between tags and inside quoted attributes. */
function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => entities[character] ?? character);
}
