// The steps of a head in the browser: the vectors come once, as they are in the model, and are drawn from there as cells, and
// written out when the table is opened. Nothing is fetched. Words are written as text, never as markup.
window.bertSteps = (() => {
  const VECTORS = ['vector', 'position', 'token', 'product', 'scaled', 'weight'];
  const DIGITS = 9; // of which a single-precision number is made whole again
  const known = new WeakMap();

  function bytes(packed) { return Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0)).buffer; }

  // All numbers of a panel: q, keys, values and output by cell, products, scaled and weights by key.
  function read(panel) {
    const { vectors, figures } = panel.dataset;
    const kept = known.get(panel);
    if (kept && kept.vectors === vectors && kept.figures === figures) return kept;
    const tokens = JSON.parse(panel.dataset.tokens);
    const query = Number(panel.dataset.query);
    const all = new Float32Array(bytes(vectors));
    const rest = new Float64Array(bytes(figures));
    const count = tokens.length;
    const size = all.length / (2 * count + 1);
    const rows = (from) => tokens.map((_, place) => all.subarray((from + place) * size, (from + place + 1) * size));
    const [q, keys, values] = [all.subarray(0, size), rows(1), rows(1 + count)];
    const [products, scaled, weights] = [0, 1, 2].map((row) => rest.subarray(row * count, (row + 1) * count));
    const output = rest.subarray(3 * count);
    const mixed = keys.map((key) => Float64Array.from(key, (cell, place) => cell * q[place]));
    const kinds = { q: [q], k: keys, 'q\u00d7k': mixed, v: values, output: [output] };
    const most = Object.fromEntries(Object.entries(kinds).map(([name, vectorsOf]) => [name, largest(vectorsOf)]));
    const found = { vectors, figures, tokens, query, size, all, q, keys, values, products, scaled, weights, output, kinds, most };
    known.set(panel, found);
    panel.querySelectorAll('.cells').forEach((strip) => strip.replaceChildren());
    return found;
  }

  function largest(vectors) {
    let most = 0;
    for (const vector of vectors) for (const value of vector) most = Math.max(most, Math.abs(value));
    return most || 1;
  }

  // Every strip that is still empty gets its cells.
  function draw() {
    for (const panel of document.querySelectorAll('#steps .steps')) {
      const { kinds, most } = read(panel);
      panel.querySelectorAll('.cells:empty').forEach((strip) => {
        const { of, row } = strip.dataset;
        strip.append(...Array.from(kinds[of][Number(row)], (value) => cell(value, most[of])));
      });
    }
  }

  function cell(value, most) {
    const made = document.createElement('i');
    made.className = value < 0 ? 'n' : 'p';
    made.style.setProperty('--a', (Math.abs(value) / most).toFixed(2));
    made.title = value.toFixed(6);
    return made;
  }

  // Column names, then a row for each vector: the query, each key with its figures, each value, the output.
  function rows(panel) {
    const { tokens, query, size, q, keys, values, products, scaled, weights, output } = read(panel);
    const rounded = (vector) => Array.from(vector, (value) => Number(value.toPrecision(DIGITS)));
    const empty = [null, null, null];
    const figures = tokens.map((_, place) => rounded([products[place], scaled[place], weights[place]]));
    return [
      [...VECTORS, ...Array.from({ length: size }, (_, place) => String(place))],
      ['q', query, tokens[query], ...empty, ...rounded(q)],
      ...keys.map((key, place) => ['k', place, tokens[place], ...figures[place], ...rounded(key)]),
      ...values.map((value, place) => ['v', place, tokens[place], ...empty, ...rounded(value)]),
      ['output', query, tokens[query], ...empty, ...rounded(output)],
    ];
  }

  function line(tag, cells) {
    const made = document.createElement('tr');
    made.append(...cells.map((value) => Object.assign(document.createElement(tag), {
      textContent: value === null ? '' : typeof value === 'number' ? Number(value.toPrecision(6)) : value,
    })));
    return made;
  }

  // The table is written when it is opened.
  document.addEventListener('toggle', (event) => {
    const details = event.target;
    const panel = details.closest?.('#steps')?.querySelector('.steps');
    const place = details.querySelector?.('.scroll');
    if (!panel || !details.open || !place || place.firstChild) return;
    const [head, ...body] = rows(panel);
    const table = document.createElement('table');
    table.createTHead().append(line('th', head));
    table.createTBody().append(...body.map((cells) => line('td', cells)));
    place.append(table);
  }, true);

  draw();
  return { draw };
})();
