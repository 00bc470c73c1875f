/** What only this page has: sheets of faces and pairs, and lists of parameters. */
export const reportStyle = `
.pairs ul, .sheet ul, .faces ul { display: grid; gap: 0.9rem 1rem; margin: 0; padding: 0; list-style: none; font: 0.8rem/1.4 var(--sans); font-variant-numeric: lining-nums tabular-nums; color: var(--soft); }
.pairs ul { grid-template-columns: repeat(auto-fill, minmax(7.6rem, 1fr)); }
.sheet ul { grid-template-columns: repeat(auto-fill, minmax(5.6rem, 1fr)); }
.sheet img { width: 100%; }
.pairs img { width: 50%; }
.pairs i, .sheet i { font-style: normal; }
.faces ul { grid-template-columns: repeat(auto-fill, minmax(17rem, 1fr)); gap: 1.1rem 1.6rem; }
.faces div { display: grid; grid-template-columns: repeat(4, 1fr); gap: 2px; }
.pairs span, .sheet span, .faces span { display: block; margin-top: 0.2rem; overflow-wrap: anywhere; }
.counts table { width: auto; min-width: 20rem; }
.params-grid { columns: 2; column-gap: 3rem; }
.params { break-inside: avoid; margin-bottom: 1.6rem; }
.params h3 { margin: 0 0 0.4rem; font-style: normal; }
.params h3 .dim { font-size: 0.92rem; font-style: italic; }
.params dl { margin: 0; border-top: 1px solid var(--rule); font: 0.86rem/1.4 var(--sans); font-variant-numeric: lining-nums tabular-nums; }
.params dl div { display: flex; justify-content: space-between; gap: 1rem; padding: 0.22rem 0; border-bottom: 1px solid var(--faint-rule); }
.params dt { color: var(--soft); }
.params dd { margin: 0; text-align: right; overflow-wrap: anywhere; }
@media screen and (max-width: 52rem) {
  .params-grid { columns: 1; }
}
@media screen and (max-width: 34rem) {
  .sentence { display: none; }
}
@media print {
  .params { break-inside: avoid; }
}
`;
