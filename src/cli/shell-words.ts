import { fail } from '../core/failure.ts';
import { failures } from './failures.ts';

/** A shell script, as far as it calls programs one after the other. */
export interface ShellScript {
  /** The words of each command, with quotes taken off, variables replaced, and redirections left out. */
  readonly commands: readonly (readonly string[])[];
  /** What has been assigned before the last command, exported or not. */
  readonly variables: ReadonlyMap<string, string>;
}

const assignment = /^([A-Za-z_]\w*)=(.*)$/s;
const variable = /^\$(?:([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})/;

/**
 * Reads a script as sh does (POSIX.1-2017, XCU 2.2 to 2.7): quotes, backslashes, comments, variables that the script assigns itself,
 * redirections, and the ends of commands. Fails with `unreadable-command` where a quote is not closed, or a variable is not assigned.
 */
export function readShellScript(text: string): ShellScript {
  const reader = new ScriptReader();
  for (let at = 0; at < text.length;) at += reader.take(text.slice(at));
  reader.endCommand();
  return reader;
}

class ScriptReader implements ShellScript {
  readonly commands: string[][] = [];
  readonly variables = new Map<string, string>();
  #words: string[] = [];
  #word: string | undefined;
  /** The next word is the file of a redirection. */
  #skips = false;

  /** Takes in what comes first, and returns how many characters that is. */
  take(text: string): number {
    const [first = ''] = text;
    if (first === '#' && this.#word === undefined) return text.split('\n', 1)[0]?.length ?? 0;
    if (text.startsWith('\\')) return this.#escaped(text);
    if (first === "'" || first === '"') return this.#quoted(text, first);
    if (first === '$') return this.#variable(text);
    const redirection = /^(?:&>>?|[<>]+[&|]?)/.exec(text)?.[0];
    if (redirection !== undefined) return this.#redirection(redirection);
    if (/[\n;&|()]/.test(first)) this.endCommand();
    else if (/\s/.test(first)) this.#endWord();
    else this.#add(first);
    return 1;
  }

  #add(text: string): void {
    this.#word = (this.#word ?? '') + text;
  }

  #escaped(text: string): number {
    const next = text.slice(1, text.startsWith('\\\r\n') ? 3 : 2);
    if (!next.endsWith('\n')) this.#add(next);
    return 1 + next.length;
  }

  #quoted(text: string, quote: string): number {
    this.#add('');
    let at = 1;
    while (at < text.length && text[at] !== quote) {
      if (quote === '"' && /^\\["\\$`\n]/.test(text.slice(at, at + 2))) at += this.#escaped(text.slice(at));
      else if (quote === '"' && text[at] === '$') at += this.#variable(text.slice(at));
      else {
        this.#add(text[at] ?? '');
        at += 1;
      }
    }
    if (at >= text.length)
      fail(failures.unreadableCommand({ problem: `a quotation that begins with ${text.slice(0, 20)} does not end` }));
    return at + 1;
  }

  #variable(text: string): number {
    const [whole, plain, braced] = variable.exec(text) ?? [];
    const name = plain ?? braced;
    if (whole === undefined || name === undefined) {
      this.#add('$');
      return 1;
    }
    const value = this.variables.get(name);
    if (value === undefined) fail(failures.unreadableCommand({ problem: `it names ${whole} and does not set it` }));
    this.#add(value);
    return whole.length;
  }

  #redirection(operator: string): number {
    // The number before it is that of the stream.
    if (/^\d+$/.test(this.#word ?? '')) this.#word = undefined;
    this.#endWord();
    this.#skips = true;
    return operator.length;
  }

  #endWord(): void {
    if (this.#word === undefined) return;
    if (!this.#skips) this.#words.push(this.#word);
    this.#skips = false;
    this.#word = undefined;
  }

  endCommand(): void {
    this.#endWord();
    const words = this.#words[0] === 'export' ? this.#words.slice(1) : this.#words;
    const assigned = words.map((word) => assignment.exec(word));
    if (assigned.every((match) => match !== null)) {
      for (const [, name = '', value = ''] of assigned) this.variables.set(name, value);
    } else this.commands.push(this.#words);
    this.#words = [];
  }
}
