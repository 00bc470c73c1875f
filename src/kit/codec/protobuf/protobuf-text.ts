import { failures } from '../failures.ts';
import { fail } from '../../../core/failure.ts';
import type { Cursor } from '../cursor.ts';

/*
 * Protocol buffers as text (protobuf.dev, "Text Format Language Specification"), without a schema: names, scalars,
 * messages. Not read: extension and Any names in brackets, which Caffe's files never had.
 */
export interface TextMessage {
  readonly fields: readonly TextField[];
}

export interface TextField {
  readonly name: string;
  readonly value: TextScalar | TextMessage;
  readonly position: TextPosition;
}

/** A value as it is spelled: `MAX`, `-1e-5`, or the content of a quoted string. */
export interface TextScalar {
  readonly kind: 'word' | 'number' | 'text';
  readonly text: string;
}

/** Of the first character of a field's name; both count from 1. */
export interface TextPosition {
  readonly line: number;
  readonly column: number;
}

/** Caffe's own messages are five deep. */
const deepest = 64;

/** Parses the text at the cursor. Fails with `not-text` and `prototxt-syntax`, at line and column. */
export function parseProtobufText(cursor: Cursor): TextMessage {
  const bytes = cursor.take(cursor.remaining, 'the text');
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return new TextParser(new Tokens(text, cursor.file)).message(undefined, 0);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    return fail(failures.notText({}, cursor.at(cursor.base)));
  }
}

/** The spelling of Google's own printer: two spaces per level, one field per line. */
export function renderProtobufText(message: TextMessage, indent = ''): string {
  return message.fields.map(({ name, value }) => renderField(name, value, indent)).join('');
}

function renderField(name: string, value: TextScalar | TextMessage, indent: string): string {
  if ('fields' in value) return `${indent}${name} {\n${renderProtobufText(value, `${indent}  `)}${indent}}\n`;
  return `${indent}${name}: ${value.kind === 'text' ? quoted(value.text) : value.text}\n`;
}

function quoted(text: string): string {
  const escapes: Record<string, string> = {
    '\n': '\\n',
    '\r': '\\r',
    '\t': '\\t',
    '"': '\\"',
    '\\': '\\\\',
    "'": "\\'",
  };
  return `"${text.replace(/[\x00-\x1f"'\\\x7f]/g, (character) => escapes[character] ?? octal(character))}"`;
}

function octal(character: string): string {
  return `\\${character.charCodeAt(0).toString(8).padStart(3, '0')}`;
}

type Token =
  TextScalar | { readonly kind: 'sign'; readonly text: string } | { readonly kind: 'end'; readonly text: '' };

/** White space and comments, then one token of each kind. */
const skipped = /(?:\s|#[^\n]*)*/y;
const tokenPatterns = {
  number: /(?:0[xX][0-9a-fA-F]+|(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?)[fF]?(?![\w.])/y,
  word: /[A-Za-z_]\w*/y,
  text: /"(?:[^"\\\n]|\\[^\n])*"|'(?:[^'\\\n]|\\[^\n])*'/y,
  sign: /[{}<>[\]:;,-]/y,
} as const;

class Tokens {
  readonly #text: string;
  readonly #file: string;
  #end = 0;
  #start = 0;
  current: Token;

  constructor(text: string, file: string) {
    this.#text = text;
    this.#file = file;
    this.current = this.#next();
  }

  /** Returns the current token and moves to the next. */
  take(): Token {
    const { current } = this;
    this.current = this.#next();
    return current;
  }

  position(): TextPosition {
    const before = this.#text.slice(0, this.#start);
    return { line: before.split('\n').length, column: this.#start - before.lastIndexOf('\n') };
  }

  /** Fails at the current token. */
  refuse(expected: string): never {
    const { kind, text } = this.current;
    const found = kind === 'end' ? 'the end of the file' : JSON.stringify(text.slice(0, 40));
    const sourceLine = this.#text.slice(this.#text.lastIndexOf('\n', this.#start - 1) + 1).split('\n', 1)[0] ?? '';
    const at = {
      file: this.#file,
      ...this.position(),
      length: Math.max(1, text.length),
      sourceLine: sourceLine.slice(0, 120),
    };
    fail(failures.prototxtSyntax({ expected, found }, at));
  }

  #next(): Token {
    this.#match(skipped);
    this.#start = this.#end;
    if (this.#end === this.#text.length) return { kind: 'end', text: '' };
    for (const kind of ['number', 'word', 'sign'] as const) {
      const text = this.#match(tokenPatterns[kind]);
      if (text !== undefined) return { kind, text };
    }
    const text = this.#match(tokenPatterns.text);
    if (text !== undefined) return { kind: 'text', text: unescaped(text.slice(1, -1)) };
    this.current = { kind: 'sign', text: this.#text.slice(this.#start, this.#start + 1) };
    return this.refuse('a name, a number, a quoted string or one of { } < > [ ] : ; ,');
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#end;
    const found = pattern.exec(this.#text)?.[0];
    if (found !== undefined) this.#end += found.length;
    return found;
  }
}

class TextParser {
  readonly #tokens: Tokens;

  constructor(tokens: Tokens) {
    this.#tokens = tokens;
  }

  /** The fields up to `closing`, or to the end of the file. */
  message(closing: string | undefined, depth: number): TextMessage {
    if (depth > deepest) this.#tokens.refuse(`at most ${deepest} messages inside each other`);
    const fields: TextField[] = [];
    for (;;) {
      const { kind, text } = this.#tokens.current;
      if (kind === 'end' && closing === undefined) return { fields };
      if (kind === 'sign' && text === closing) {
        this.#tokens.take();
        return { fields };
      }
      this.#field(fields, closing, depth);
    }
  }

  #field(fields: TextField[], closing: string | undefined, depth: number): void {
    const tokens = this.#tokens;
    if (tokens.current.kind !== 'word') {
      tokens.refuse(closing === undefined ? 'the name of a field' : `the name of a field or ${closing}`);
    }
    const position = tokens.position();
    const name = tokens.take().text;
    const colon = this.#accept(':');
    for (const value of this.#values(colon, depth)) fields.push({ name, value, position });
    if (!this.#accept(',')) this.#accept(';');
  }

  /** One value, or a list of values in brackets. */
  #values(colon: boolean, depth: number): (TextScalar | TextMessage)[] {
    if (!this.#accept('[')) return [this.#value(colon, depth)];
    const values: (TextScalar | TextMessage)[] = [];
    if (this.#accept(']')) return values;
    do values.push(this.#value(colon, depth));
    while (this.#accept(','));
    if (!this.#accept(']')) this.#tokens.refuse('a comma or ]');
    return values;
  }

  #value(colon: boolean, depth: number): TextScalar | TextMessage {
    if (this.#accept('{')) return this.message('}', depth + 1);
    if (this.#accept('<')) return this.message('>', depth + 1);
    return colon ? this.#scalar() : this.#tokens.refuse('a colon and a value, or {');
  }

  #scalar(): TextScalar {
    const minus = this.#accept('-') ? '-' : '';
    const token = this.#tokens.current;
    if (
      token.kind === 'number' ||
      (token.kind === 'word' && (minus === '' || /^(inf|infinity|nan)$/i.test(token.text)))
    ) {
      this.#tokens.take();
      return { kind: token.kind, text: minus + token.text };
    }
    if (token.kind !== 'text' || minus !== '') this.#tokens.refuse('a value');
    return { kind: 'text', text: this.#adjacentTexts() };
  }

  /** Quoted texts that follow each other are one. */
  #adjacentTexts(): string {
    let text = '';
    while (this.#tokens.current.kind === 'text') text += this.#tokens.take().text;
    return text;
  }

  #accept(sign: string): boolean {
    const { kind, text } = this.#tokens.current;
    if (kind !== 'sign' || text !== sign) return false;
    this.#tokens.take();
    return true;
  }
}

const simpleEscapes: Readonly<Record<string, string>> = {
  n: '\n',
  r: '\r',
  t: '\t',
  a: '\x07',
  b: '\b',
  f: '\f',
  v: '\v',
};

function unescaped(text: string): string {
  return text.replace(/\\(x[0-9a-fA-F]{1,2}|[0-7]{1,3}|.)/g, (_match, escape: string) => {
    if (/^x./.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 255);
    return simpleEscapes[escape] ?? escape;
  });
}
