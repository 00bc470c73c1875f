import ts from 'typescript';

/** The name of a new part, as file names, identifiers, types and prose have it. */
export interface Names {
  /** `wing-loss`: as it is called on the command line and in experiments. */
  readonly kebab: string;
  /** `wingLoss` */
  readonly camel: string;
  /** `WingLoss` */
  readonly pascal: string;
  /** `wing loss` */
  readonly words: string;
  /** The key of an object literal, without quotes where it needs none. */
  readonly key: string;
}

/** Undefined unless it is in lower case with hyphens and makes an identifier. */
export function namesOf(kebab: string): Names | undefined {
  if (!/^[a-z][a-z0-9]*(-[a-z0-9]+)*$/.test(kebab)) return undefined;
  const pascal = kebab.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
  const camel = pascal.charAt(0).toLowerCase() + pascal.slice(1);
  const scanner = ts.createScanner(ts.ScriptTarget.Latest, true, ts.LanguageVariant.Standard, camel);
  if (scanner.scan() !== ts.SyntaxKind.Identifier) return undefined;
  return { kebab, camel, pascal, words: kebab.replaceAll('-', ' '), key: kebab === camel ? kebab : `'${kebab}'` };
}

/** A line in an object or array literal that lists the parts of a kind. */
export interface Registration {
  /** Relative to the package. */
  readonly path: string;
  /** The constant that holds the literal, or the function that returns it. */
  readonly literal: string;
  readonly entry: string;
  /** `sorted` by key, `last`, or before another key. */
  readonly place: 'sorted' | 'last' | { readonly before: string };
  /** The import that the entry needs. */
  readonly from?: string;
}

/** All that a new part consists of. */
export interface Part {
  /** By path, relative to the package. */
  readonly files: Readonly<Record<string, string>>;
  readonly registrations: readonly Registration[];
  /** What is left to do, each with what tells that it is missing. */
  readonly left: readonly string[];
}
