import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { latexGrid } from '../../../src/pipeline/table/grid-forms.ts';
import { latexForm, latexMacros } from '../../../src/pipeline/table/latex-form.ts';
import { escapedLatex } from '../../../src/pipeline/table/latex-text.ts';
import { sampleTable } from './sample-table.ts';

it('what was published stands below each figure, the best is bold, and every sign means itself', () => {
  const text = latexForm(sampleTable);
  expect(text).toContain(
    String.raw`ArcFace, s = 64 \textbar{} m = 0.5 & \textbf{99.83 [99.70, 99.95]} & 94.0 $\pm$ 0.2\textsuperscript{b} & 0.000 \\`,
  );
  expect(text).toContain(String.raw`{\scriptsize\quad published} & {\scriptsize 99.8+ (+0.03, reproduced)} &  &  \\`);
  expect(text).toContain(String.raw`\caption{Margins \textbar{} 100 \% \& more\_or\_less \textless{}b\textgreater{}.`);
  expect(text).toContain(String.raw`cos(m1 $\theta$ + m2) $-$ m3`);
  expect(text).toContain(String.raw`\multicolumn{2}{c}{Verification} & \multicolumn{1}{c}{}`);
  expect(text).toContain(String.raw`\cmidrule(lr){2-3}`);
});

it.each([
  ['[0.5] of it', '{}[0.5] of it'],
  ['*best*', '{}*best*'],
  ['--smoke', '-{}-smoke'],
  ['Mu\u0308ller', 'M\u00fcller'],
  ['\u0394 \u2248 \u221e', String.raw`$\Delta$ $\approx$ $\infty$`],
  ['\u4e2d', String.raw`\ifdefined\Umathchar \u4e2d\else U+4E2D\fi{}`.replace(String.raw`\u4e2d`, '\u4e2d')],
  ['a\u0000\u001b[1mb', 'ab'],
])('%j means itself in LaTeX', (text, wanted) => {
  expect(escapedLatex(text)).toBe(wanted);
});

const hasLatex = spawnSync('pdflatex', ['--version']).status === 0;

describe.skipIf(!hasLatex)(`LaTeX${hasLatex ? '' : ' (not tested: pdflatex is not installed)'}`, () => {
  it('compiles, and a number of the table may stand in running text and in a caption', { timeout: 120_000 }, () => {
    const folder = mkdtempSync(join(tmpdir(), 'faceflow-latex-'));
    try {
      writeFileSync(join(folder, 'table.tex'), latexForm(sampleTable));
      writeFileSync(join(folder, 'macros.tex'), latexMacros(sampleTable));
      const grid = {
        heads: ['*a_b', 'n'],
        rows: [
          ['100 %', '1'],
          ['[0.5] -- `x`', '2'],
          ['* \u00e4\u00f6\u00fc\u00df u\u0308 \u00e9 \u0159 \u0142 \u0119 \u00f0 \u00ab\u00bb \u201e\u201c', '3'],
          ['\u0394 \u03a3 \u03b1 \u2248 \u221e \u2192 \u4e2d\u6587 \u{1f600} \u0000\u001b[31m', '4'],
        ],
        numeric: [false, true],
      };
      const document = String.raw`\documentclass{article}
\usepackage{booktabs}
\input{macros}
\begin{document}
Of \ffvalue{sample_1.arcface.lfw} and \ffvalue{sample_1.arcface.lfw.full}, unknown \ffvalue{no.such.cell}.
\begin{figure}\caption{\ffvalue{sample_1.none.lfw.published}}\end{figure}
\input{table}

${latexGrid(grid)}
\end{document}
`;
      writeFileSync(join(folder, 'paper.tex'), document);
      const { status, stdout } = spawnSync('pdflatex', ['-halt-on-error', '-interaction=nonstopmode', 'paper.tex'], {
        cwd: folder,
        encoding: 'utf8',
      });
      expect(stdout).not.toMatch(/^! /m);
      // The table is as wide as the page at most.
      expect(stdout).not.toMatch(/Overfull \\hbox \((?!0\.)/);
      expect(status).toBe(0);
      expect(existsSync(join(folder, 'paper.pdf'))).toBe(true);
      expect(readFileSync(join(folder, 'paper.log'), 'utf8')).not.toContain('Missing character');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
