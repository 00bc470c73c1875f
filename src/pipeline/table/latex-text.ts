import { plainText } from '../../core/text/terminal-text.ts';

/** The small Greek letters, alpha to omega; pdflatex knows them in formulas only. */
const greek = [
  ...['alpha', 'beta', 'gamma', 'delta', 'epsilon', 'zeta', 'eta', 'theta', 'iota', 'kappa', 'lambda', 'mu', 'nu'],
  ...['xi', 'mathit{o}', 'pi', 'rho', 'varsigma', 'sigma', 'tau', 'upsilon', 'phi', 'chi', 'psi', 'omega'],
];
const alpha = 0x3b1;

const signs: Readonly<Record<string, string>> = {
  '\\': String.raw`\textbackslash{}`,
  '{': String.raw`\{`,
  '}': String.raw`\}`,
  $: String.raw`\$`,
  '&': String.raw`\&`,
  '#': String.raw`\#`,
  _: String.raw`\_`,
  '%': String.raw`\%`,
  '~': String.raw`\textasciitilde{}`,
  '^': String.raw`\textasciicircum{}`,
  '<': String.raw`\textless{}`,
  '>': String.raw`\textgreater{}`,
  '|': String.raw`\textbar{}`,
  '\u2212': '$-$',
  '\u00b1': String.raw`$\pm$`,
  '\u00d7': String.raw`$\times$`,
  '\u2264': String.raw`$\le$`,
  '\u2265': String.raw`$\ge$`,
  '\u2192': String.raw`$\to$`,
  '\u2248': String.raw`$\approx$`,
  '\u2260': String.raw`$\ne$`,
  '\u221e': String.raw`$\infty$`,
  '\u2206': String.raw`$\Delta$`,
  '\u0393': String.raw`$\Gamma$`,
  '\u0394': String.raw`$\Delta$`,
  '\u0398': String.raw`$\Theta$`,
  '\u039b': String.raw`$\Lambda$`,
  '\u039e': String.raw`$\Xi$`,
  '\u03a0': String.raw`$\Pi$`,
  '\u03a3': String.raw`$\Sigma$`,
  '\u03a6': String.raw`$\Phi$`,
  '\u03a8': String.raw`$\Psi$`,
  '\u03a9': String.raw`$\Omega$`,
  '`': String.raw`\textasciigrave{}`,
};

/**
 * Text that means itself in LaTeX, also behind `\\`, which would take a bracket or an asterisk for its own. What pdflatex does not
 * know (Chinese) is its code point there and itself in lualatex and xelatex, so that no label keeps a paper from compiling.
 */
export function escapedLatex(text: string): string {
  const line = plainText(text.normalize('NFC').replaceAll(/\s+/g, ' '));
  const escaped = line.replaceAll(/[^ -~]|[\\{}$&#_%~^<>|`]|-(?=-)/gu, escapedSign);
  return /^ *[[*]/.test(escaped) ? `{}${escaped}` : escaped;
}

/** Latin letters with their signs, and the punctuation of Latin scripts. */
const knownToAll = /^[\u00a1-\u017f\u2013\u2014\u2018-\u201d\u2020-\u2022\u2026\u2030\u20ac\u2122]$/;
/** Those of them that the fonts of pdflatex lack in their first encoding, OT1. */
const inT1 =
  /^[\u00ab\u00bb\u00d0\u00de\u00f0\u00fe\u0104\u0105\u0110\u0111\u0118\u0119\u012e\u012f\u014a\u014b\u0172\u0173\u201a\u201e]$/;
const inNone = /^[\u00ad\u0126\u0127\u0138\u013f\u0140\u0149\u0166\u0167\u017f\u201b]$/;

function escapedSign(sign: string): string {
  // Two hyphens would become a dash.
  if (sign === '-') return '-{}';
  const known = signs[sign] ?? greekText(sign);
  if (known !== undefined) return known;
  if (inT1.test(sign)) return orElse(sign, String.raw`{\fontencoding{T1}\selectfont ${sign}}`);
  if (knownToAll.test(sign) && !inNone.test(sign)) return sign;
  return orElse(sign, `U+${(sign.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, '0')}`);
}

/** A sign for lualatex and xelatex, and what pdflatex prints in its place. */
function orElse(sign: string, otherwise: string): string {
  return String.raw`\ifdefined\Umathchar ${sign}\else ${otherwise}\fi{}`;
}

function greekText(sign: string): string | undefined {
  const name = greek[(sign.codePointAt(0) ?? 0) - alpha];
  return name === undefined ? undefined : `$\\${name}$`;
}
