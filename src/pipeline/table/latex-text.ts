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
  '\u202f': String.raw`\,`,
};

/** Text that means itself in LaTeX; letters that pdflatex does not know need lualatex or xelatex. */
export function escapedLatex(text: string): string {
  return text
    .replaceAll(/\s+/g, ' ')
    .replaceAll(
      /[\\{}$&#_%~^<>|\u2212\u00b1\u00d7\u2264\u2265\u2192\u03b1-\u03c9\u202f]/g,
      (sign) => signs[sign] ?? greekText(sign),
    );
}

function greekText(sign: string): string {
  const name = greek[(sign.codePointAt(0) ?? 0) - alpha];
  return name === undefined ? sign : `$\\${name}$`;
}
