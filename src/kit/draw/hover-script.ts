/**
 * Reads values off a chart under the pointer. It knows nothing but what the chart's own attributes and paths say, so
 * no data are in the page twice; without it the page lacks nothing but this.
 */
export const hoverScript = `
const below = (z) => {
  // The normal distribution function: its power series (Marsaglia 2004).
  let sum = z, term = z;
  for (let i = 3; Math.abs(term) > 1e-15; i += 2) { term *= z * z / i; sum += term; }
  return 0.5 + sum * Math.exp(-z * z / 2 - 0.91893853320467274178);
};
for (const svg of document.querySelectorAll('svg[data-x]')) {
  const axis = (text) => {
    const [kind, low, high, start, end, ...label] = text.split(' ');
    const [a, b, p, q] = [low, high, start, end].map(Number);
    const at = (share) => kind === 'log' ? a * (b / a) ** share : kind === 'probit' ? below(a + (b - a) * share) : a + (b - a) * share;
    return { label: label.join(' '), p, q, value: (position) => at((position - p) / (q - p)) };
  };
  const x = axis(svg.dataset.x), y = axis(svg.dataset.y);
  const digits = (v) => Number.isInteger(v) || Math.abs(v) >= 1000 ? Math.round(v).toString() : Number(v.toPrecision(3)).toString();
  const series = [...svg.querySelectorAll('path[data-name]')].map((path) => {
    const points = [];
    let px = 0, py = 0;
    for (const [, command, text] of path.getAttribute('d').matchAll(/([MLHV])([-\\d. ]+)/g)) {
      const [first, second] = text.trim().split(' ').map(Number);
      if (command === 'V') py = first; else { px = first; if (second !== undefined) py = second; }
      if (command !== 'H') points.push([px, py]);
    }
    return { name: path.dataset.name, points, stepped: /step|area/.test(path.getAttribute('class')) };
  });
  if (series.length === 0) continue;
  const make = (name) => svg.appendChild(document.createElementNS('http://www.w3.org/2000/svg', name));
  const line = make('path'), words = make('text');
  line.setAttribute('class', 'pointer');
  words.setAttribute('class', 'readout');
  words.setAttribute('x', x.q);
  words.setAttribute('y', 11);
  words.setAttribute('text-anchor', 'end');
  const hide = () => { line.removeAttribute('d'); words.textContent = ''; };
  let place;
  const show = (at) => {
    place = at;
    if (at < x.p - 4 || at > x.q + 4) return hide();
    const nearest = (points) => points.reduce((a, b) => Math.abs(b[0] - at) <= Math.abs(a[0] - at) ? b : a);
    const before = (points) => points.reduce((a, b) => b[0] <= at ? b : a);
    const found = series.filter((s) => s.points.length > 0).map((s) => ({ name: s.name, point: s.stepped ? before(s.points) : nearest(s.points) }));
    const column = found.find((each) => each.point[0] !== undefined).point[0];
    const shown = series[0].stepped ? at : column;
    line.setAttribute('d', 'M' + shown + ' ' + y.q + 'V' + y.p);
    words.textContent = x.label + ' ' + digits(x.value(shown)) + ' · ' +
      found.map((each) => (found.length > 1 || each.name !== y.label ? each.name + ' ' : y.label + ' ') + digits(y.value(each.point[1]))).join(' · ');
    const label = svg.querySelector('.label');
    if (label) label.style.visibility = 'hidden';
  };
  const leave = () => { hide(); const label = svg.querySelector('.label'); if (label) label.style.visibility = ''; };
  const point = (event) => { const matrix = svg.getScreenCTM(); show((event.clientX - matrix.e) / matrix.a); };
  svg.addEventListener('pointermove', point);
  svg.addEventListener('pointerdown', point);
  svg.addEventListener('pointerleave', leave);
  svg.addEventListener('blur', leave);
  svg.addEventListener('focus', () => { if (svg.matches(':focus-visible')) show(place === undefined ? x.p : place); });
  svg.addEventListener('keydown', (event) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    const columns = [...new Set(series.flatMap((s) => s.points.map((p) => p[0])))].filter((c) => c >= x.p && c <= x.q).sort((a, b) => a - b);
    const now = place === undefined ? x.p : place;
    const next = step > 0 ? columns.find((c) => c > now + 0.01) : columns.findLast((c) => c < now - 0.01);
    if (next !== undefined) show(next);
  });
}
`;
