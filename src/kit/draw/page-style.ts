/** How pages look: a well-set paper, in two colour schemes, on any width, and in print. */
export const pageStyle = `
:root {
  --paper: #fcfbf8; --ink: #1f1e1b; --soft: #6b6861; --rule: #dcd8ce; --faint-rule: #ebe8e0; --panel: #f4f2ec;
  --c0: #2b6496; --c1: #c0532f; --c2: #4b7b49; --c3: #7d5a9b; --c4: #a07a10; --c5: #2c8a8a; --c6: #8b877d;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", P052, Charter, Georgia, serif;
  --sans: -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, "Liberation Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #17181a; --ink: #e6e3dc; --soft: #9d998f; --rule: #3a3a3b; --faint-rule: #28292b; --panel: #1f2022;
    --c0: #7db2de; --c1: #ee8f6c; --c2: #90c58c; --c3: #bd9fdb; --c4: #d9b650; --c5: #6fc7c4; --c6: #8d897f;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; padding: 3.5rem 2rem 4rem; max-width: 62rem; background: var(--paper); color: var(--ink); font: 1.0625rem/1.55 var(--serif); font-variant-numeric: oldstyle-nums; }
h1 { margin: 0; font-size: 2.6rem; line-height: 1.1; font-weight: 400; letter-spacing: -0.01em; overflow-wrap: anywhere; }
h2 { margin: 3.5rem 0 1rem; padding-top: 0.8rem; border-top: 1px solid var(--ink); font-size: 1.5rem; font-weight: 400; }
h3 { margin: 2.2rem 0 0.6rem; font-size: 1.15rem; font-weight: 400; font-style: italic; }
p { margin: 0 0 1.2rem; max-width: 42rem; }
.summary { margin-top: 0.7rem; font-size: 1.2rem; font-style: italic; color: var(--soft); }
.dim { color: var(--soft); }
.whole { white-space: nowrap; }
code { font: 0.86em/1.4 ui-monospace, "SF Mono", Menlo, Consolas, "Liberation Mono", monospace; }
footer { margin-top: 4rem; padding-top: 0.8rem; border-top: 1px solid var(--rule); font-size: 0.9rem; font-style: italic; color: var(--soft); }
.figures { display: flex; flex-wrap: wrap; gap: 1.4rem 3rem; margin: 2.2rem 0 0; }
.figures div { display: flex; flex-direction: column-reverse; justify-content: flex-end; max-width: 15rem; }
.figures dd { margin: 0; font-size: 2.1rem; line-height: 1.2; font-variant-numeric: lining-nums tabular-nums; }
.figures small { font-size: 1.1rem; color: var(--soft); }
.figures dt { font: 0.82rem/1.35 var(--sans); color: var(--soft); }
figure { margin: 0 0 1.6rem; min-width: 0; }
figcaption { margin-top: 0.55rem; max-width: 42rem; font-size: 0.92rem; line-height: 1.4; color: var(--soft); }
figcaption b { font-weight: 400; font-style: italic; color: var(--ink); }
.columns { display: grid; grid-template-columns: 1fr 1fr; gap: 0.6rem 3rem; align-items: start; }
.scroll { overflow-x: auto; background: linear-gradient(to right, var(--paper) 1.2rem, transparent) local, linear-gradient(to left, var(--paper) 1.2rem, transparent) right / 2.4rem 100% no-repeat local, linear-gradient(to left, var(--rule), transparent) right / 1rem 100% no-repeat scroll; }
nav ul { display: flex; flex-wrap: wrap; gap: 0.2rem 1.4rem; margin: 2rem 0 0; padding: 0; list-style: none; font: 0.9rem/1.6 var(--sans); }
nav a, a { color: inherit; text-decoration-color: var(--rule); text-underline-offset: 0.2em; }
summary { margin: 2.2rem 0 0.6rem; font-size: 1.15rem; font-style: italic; cursor: pointer; }
svg { display: block; width: 100%; height: auto; overflow: visible; font: 11px var(--sans); font-variant-numeric: tabular-nums; }
svg text { fill: var(--soft); }
.marks text { paint-order: stroke; stroke: var(--paper); stroke-width: 4px; }
.axis .label, .readout { fill: var(--ink); }
.grid { stroke: var(--faint-rule); }
.base { stroke: var(--soft); stroke-width: 0.8; }
.marks path, .pointer { stroke: var(--soft); stroke-width: 0.7; stroke-dasharray: 2 3; }
.pointer { stroke-dasharray: none; }
.series { fill: none; stroke-width: 1.6; stroke-linejoin: round; stroke-linecap: round; }
.series.faint { stroke-width: 1; stroke-opacity: 0.32; }
.series.dashed { stroke-width: 1; stroke-dasharray: 3 4; }
.series.dots { stroke-width: 6.5; }
.series.band { stroke: none; fill: var(--c); fill-opacity: 0.16; }
.series.area { stroke-width: 1.1; fill-opacity: 0.22; }
.c0 { --c: var(--c0); } .c1 { --c: var(--c1); } .c2 { --c: var(--c2); } .c3 { --c: var(--c3); }
.c4 { --c: var(--c4); } .c5 { --c: var(--c5); } .c6 { --c: var(--c6); }
.series { stroke: var(--c); }
.line.d1, .step.d1 { stroke-dasharray: 7 3; } .line.d2, .step.d2 { stroke-dasharray: 2 3; } .line.d3, .step.d3 { stroke-dasharray: 8 3 2 3; }
svg[tabindex] { touch-action: pan-y; }
.d1 .swatch { border-top-style: dashed; } .d2 .swatch { border-top-style: dotted; } .d3 .swatch { border-top-style: double; border-top-width: 4px; }
.series.area { fill: var(--c); }
.key { display: flex; flex-wrap: wrap; gap: 0.1rem 1.1rem; min-height: 1.5rem; margin: 0 0 0.2rem; padding: 0; list-style: none; font: 0.82rem/1.5rem var(--sans); color: var(--soft); }
.columns:not(:has(.key li)) .key { display: none; }
.swatch { display: inline-block; width: 1.1rem; height: 0; margin: 0 0.45rem 0.25rem 0; border-top: 2px solid var(--c); vertical-align: middle; }
.swatch.dots { width: 0.5rem; height: 0.5rem; margin-bottom: 0.1rem; border: 0; border-radius: 50%; background: var(--c); }
.swatch.area { width: 0.7rem; height: 0.7rem; margin-bottom: 0.1rem; border: 1px solid var(--c); background: color-mix(in srgb, var(--c) 25%, transparent); }
table { width: 100%; border-collapse: collapse; border-top: 1px solid var(--ink); border-bottom: 1px solid var(--ink); font: 0.86rem/1.4 var(--sans); font-variant-numeric: lining-nums tabular-nums; }
th { padding: 0.4rem 0.9rem 0.35rem 0; border-bottom: 1px solid var(--rule); font-weight: 400; color: var(--soft); text-align: left; white-space: nowrap; vertical-align: bottom; }
td { padding: 0.32rem 0.9rem 0.32rem 0; vertical-align: top; }
td b { font-weight: 600; }
.n { padding-right: 0; padding-left: 0.9rem; text-align: right; white-space: nowrap; }
.n:first-child { padding-left: 0; }
.n + :not(.n) { padding-left: 1.4rem; }
.graph-and-table { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 0.6rem 3rem; align-items: start; }
.graph-and-table figure.graph { width: min-content; }
.graph-and-table figure.graph figcaption { min-width: 14rem; }
svg.graph { width: auto; max-width: none; font-size: 11px; }
td:first-child:not(.n) { overflow-wrap: anywhere; min-width: 5.6rem; }
.box rect { fill: var(--panel); stroke: var(--rule); }
.box .name { fill: var(--ink); font-size: 12px; }
.box .share { stroke: var(--c0); stroke-width: 2; }
.edges path { fill: none; stroke: var(--soft); stroke-width: 1; stroke-opacity: 0.75; }
img { display: inline-block; width: 100%; aspect-ratio: 1; object-fit: cover; vertical-align: top; background: var(--panel); }
@media screen and (max-width: 52rem) {
  .columns, .graph-and-table { grid-template-columns: minmax(0, 1fr); }
  .graph-and-table figure.graph { width: auto; }
  .key:not(:has(li)) { display: none; }
}
@media screen and (max-width: 34rem) {
  body { padding: 2rem 1.15rem 3rem; font-size: 1rem; }
  h1 { font-size: 2rem; }
  svg { font-size: 13px; }
  .n { padding-left: 0.6rem; }
  .figures { gap: 1.1rem 2rem; }
  .figures dd { font-size: 1.7rem; }
}
@media print {
  :root { --paper: #fff; --ink: #000; --soft: #555; --rule: #ccc; --faint-rule: #e6e6e6; --panel: #f6f6f6; --c0: #2b6496; --c1: #c0532f; --c2: #4b7b49; --c3: #7d5a9b; --c4: #a07a10; --c5: #2c8a8a; --c6: #8b877d; }
  body { max-width: none; padding: 0; font-size: 10.5pt; -webkit-print-color-adjust: exact; print-color-adjust: exact; }
  figure, tr { break-inside: avoid; }
  h2, h3, section > p { break-after: avoid; }
  .columns { gap: 0.4rem 1.6rem; }
  .graph-and-table { grid-template-columns: minmax(0, 1fr); }
  .scroll { overflow: visible; background: none; }
  nav { display: none; }
  td:first-child:not(.n) { min-width: 9rem; }
}
`;
