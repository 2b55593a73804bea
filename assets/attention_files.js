// Files of the lens Attention that the browser makes of what lies in the page: pictures, tables, arrays. Nothing is fetched.
(() => {
  const SPACE = 'http://www.w3.org/2000/svg';
  const make = (...given) => window.bertAttention.make(...given);

  function keep(filename, address) {
    const link = document.createElement('a');
    link.download = filename;
    link.href = address;
    link.click();
    if (address.startsWith('blob:')) setTimeout(() => URL.revokeObjectURL(address), 1000);
  }

  function inFile(text, kind) { return URL.createObjectURL(new Blob([text], { type: kind })); }

  // The heatmap, when it is drawn of what the title is of: the two arrive one after the other.
  function plotShown() {
    const plot = document.querySelector('#heatmap .js-plotly-plot');
    return plot?._fullLayout?.meta === document.querySelector('#head-title [data-drawn]')?.dataset.drawn ? plot : null;
  }

  async function drawn() {
    for (let waits = 0; openDisplay() === 'heatmap' && !plotShown() && waits < 100; waits += 1) {
      await new Promise((done) => setTimeout(done, 100));
    }
  }

  // The weights that are open: names of the rows (who asks) and of the columns, and a row of weights for each.
  function weightsShown() {
    const panel = document.querySelector('#arcs .arcs');
    if (openDisplay() === 'arcs' && panel) {
      const { names, rows, columns, weights } = window.bertAttention.read(panel);
      const label = (word) => `${word} ${names[word]}`;
      return { rows: rows.map(label), columns: columns.map(label), weights: rows.map((_, row) => weights.slice(row * columns.length, (row + 1) * columns.length)) };
    }
    const trace = plotShown()?._fullData[0];
    if (!trace) return null;
    const plain = document.createElement('textarea');
    const label = (text) => { plain.innerHTML = String(text); return plain.value; };
    return { rows: [...trace.y].map(label), columns: [...trace.x].map(label), weights: [...trace.z].map((row) => Float32Array.from(row)) };
  }

  // Nine digits make a single-precision number whole again; a text that a spreadsheet would run gets a quote in front.
  function asCsv(rows) {
    const written = (cell) => (cell === null ? '' : typeof cell === 'number' ? Number(cell.toPrecision(9))
      : `"${String(cell).replace(/^(?=[=+\-@\t\r])/, "'").replaceAll('"', '""')}"`);
    return inFile(rows.map((row) => row.map(written).join(',')).join('\r\n'), 'text/csv');
  }

  function asTable({ rows, columns, weights }) {
    return [['query', ...columns], ...rows.map((name, row) => [name, ...weights[row]])];
  }

  function asArrays({ rows, columns, weights }) {
    const place = (label) => Number(label.slice(0, label.indexOf(' ')));
    const token = (label) => label.slice(label.indexOf(' ') + 1);
    const flat = new Float32Array(rows.length * columns.length);
    weights.forEach((row, at) => flat.set(row, at * columns.length));
    return {
      weights: { values: flat, shape: [rows.length, columns.length] },
      query_tokens: { texts: rows.map(token) },
      key_tokens: { texts: columns.map(token) },
      query_positions: { values: Int32Array.from(rows, place), shape: [rows.length] },
      key_positions: { values: Int32Array.from(columns, place), shape: [columns.length] },
      about: { texts: [...document.querySelectorAll('#head-title h2, #head-title .note')].map((part) => part.textContent) },
    };
  }

  function openDisplay() { return document.querySelector('#head-title [data-display]')?.dataset.display; }

  function openName() {
    const open = document.querySelector('#head-title [data-open]')?.dataset.open;
    return `attention-${openDisplay()}-${open}`;
  }

  // A part of the page as an SVG that stands by itself: boxes with their colours, pictures, texts where they are.
  function drawing(part) {
    const frame = part.getBoundingClientRect();
    const left = frame.left - part.scrollLeft;
    const ground = getComputedStyle(part.closest('.panel, .column') || document.body).backgroundColor;
    const svg = make('svg', { xmlns: SPACE, width: Math.ceil(Math.max(frame.width, part.scrollWidth)), height: Math.ceil(frame.height) });
    svg.append(make('rect', { width: '100%', height: '100%', fill: ground === 'rgba(0, 0, 0, 0)' ? '#fff' : ground }));
    part.querySelectorAll('.cells i, .share, .thumb').forEach((cell) => {
      const box = cell.getBoundingClientRect();
      const style = getComputedStyle(cell);
      const wide = cell.matches('.share') ? box.width * parseFloat(cell.style.getPropertyValue('--w')) / 100 : box.width;
      const fill = cell.matches('.share') ? style.outlineColor : style.backgroundColor;
      const place = { x: box.left - left, y: box.top - frame.top, width: wide, height: box.height };
      svg.append(make('rect', { ...place, fill, ...(cell.matches('.thumb') ? { stroke: style.borderColor } : {}) }));
      const shown = cell.querySelector('img');
      if (!shown) return;
      const image = make('image', { ...place, href: shown.src, style: `image-rendering:pixelated;filter:${getComputedStyle(shown).filter}` });
      image.append(make('title', {}, cell.title));
      svg.append(image);
    });
    const walker = document.createTreeWalker(part, NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const node = walker.currentNode;
      if (!node.textContent.trim()) continue;
      const range = document.createRange();
      range.selectNodeContents(node);
      const box = range.getBoundingClientRect();
      const style = getComputedStyle(node.parentElement);
      svg.append(make('text', { x: box.left - left, y: box.top - frame.top + box.height / 2, 'dominant-baseline': 'central', 'font-size': style.fontSize, 'font-weight': style.fontWeight, 'font-family': style.fontFamily, fill: style.color }, node.textContent));
    }
    return svg;
  }

  // The arcs as an SVG that stands by itself: the colours of the page written into it.
  function arcs(shown) {
    const svg = shown.cloneNode(true);
    const ground = getComputedStyle(document.querySelector('#open-head')).backgroundColor;
    svg.setAttribute('xmlns', SPACE);
    const [from, to] = [shown, svg].map((each) => [...each.querySelectorAll('path, rect, text')]);
    from.forEach((each, place) => {
      const style = getComputedStyle(each);
      const names = each.tagName === 'text' ? ['fill', 'font-size', 'font-family', 'font-weight'] : ['fill', 'stroke', 'fill-opacity'];
      names.forEach((property) => to[place].setAttribute(property, style.getPropertyValue(property)));
    });
    svg.querySelectorAll('.touch').forEach((each) => each.remove());
    svg.prepend(make('rect', { width: '100%', height: '100%', fill: ground }));
    return svg;
  }

  function heatmap(kind) {
    const plot = plotShown();
    const dark = document.body.classList.contains('dark');
    const paper = getComputedStyle(document.querySelector('#open-head')).backgroundColor;
    const layout = { ...plot.layout, paper_bgcolor: paper, font: { ...plot.layout.font, color: dark ? '#eceff2' : '#1d2126' } };
    return window.Plotly.toImage({ data: plot.data, layout }, { format: kind, width: plot.clientWidth, height: plot.clientHeight, scale: kind === 'png' ? 2 : 1 });
  }

  // What is shown: the overview, or what is open.
  function shown(display) {
    if (display === 'overview') return drawing(document.querySelector('#overview .overview'));
    return display === 'arcs' ? arcs(document.querySelector('#arcs svg')) : drawing(document.querySelector('#steps .steps'));
  }

  async function picture(display, kind) {
    if (display === 'heatmap') return heatmap(kind);
    const text = new XMLSerializer().serializeToString(shown(display));
    if (kind === 'svg') return inFile(text, 'image/svg+xml');
    const image = new Image();
    image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
    await image.decode();
    const scale = Math.min(2, 16000 / Math.max(image.width, image.height));
    const canvas = Object.assign(document.createElement('canvas'), { width: image.width * scale, height: image.height * scale });
    canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
    return canvas.toDataURL('image/png');
  }

  // The numbers of the steps as a file of that kind.
  function stepsAs(kind) {
    const panel = document.querySelector('#steps .steps');
    if (kind === 'npz') return npz(window.bertSteps.arrays(panel));
    const rows = window.bertSteps.rows(panel);
    if (kind === 'csv') return asCsv(rows);
    const [names, ...body] = rows;
    const records = body.map((row) => Object.fromEntries(row.map((cell, place) => [names[place], cell])));
    return inFile(JSON.stringify(records, null, 1), 'application/json');
  }

  document.addEventListener('click', async (event) => {
    const button = event.target.closest?.('button[data-save], button[data-weights], button[data-steps]');
    if (!button) return;
    const { save, weights, steps, name } = button.dataset;
    const ofAll = button.closest('#overview');
    if (!ofAll && !steps) await drawn();
    if (save) {
      keep(`${ofAll ? 'attention-overview' : openName()}.${save}`, await picture(ofAll ? 'overview' : openDisplay(), save));
    } else if (steps) {
      keep(`${name}.${steps}`, stepsAs(steps));
    } else {
      const found = weightsShown();
      const named = button.closest('.keep').querySelector('a[download$=".csv"]').download.slice(0, -4);
      if (found) keep(`attention-${named}.${weights}`, weights === 'npz' ? npz(asArrays(found)) : asCsv(asTable(found)));
    }
  });

  // Arrays as numpy keeps them: each a header and its bytes, all in a zip that is not compressed.
  function npz(arrays) {
    return URL.createObjectURL(new Blob(zipped(Object.entries(arrays).map(([name, array]) => [`${name}.npy`, npy(array)])), { type: 'application/zip' }));
  }

  function npy({ values, shape, texts }) {
    const points = texts?.map((text) => [...text].map((letter) => letter.codePointAt(0)));
    const width = Math.max(1, ...(points || []).map((each) => each.length));
    const kind = texts ? `<U${width}` : { Float32Array: '<f4', Float64Array: '<f8', Int32Array: '<i4' }[values.constructor.name];
    const held = values || new Uint32Array(points.flatMap((each) => [...each, ...Array(width - each.length).fill(0)]));
    const sides = texts ? [texts.length] : shape;
    const said = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${sides.join(', ')}${sides.length === 1 ? ',' : ''}), }`;
    const head = said.padEnd(Math.ceil((said.length + 11) / 64) * 64 - 11) + '\n';
    const start = [0x93, ...[...'NUMPY'].map((letter) => letter.charCodeAt(0)), 1, 0, head.length & 255, head.length >> 8];
    const made = new Uint8Array(start.length + head.length + held.byteLength);
    made.set(start);
    made.set(new TextEncoder().encode(head), start.length);
    made.set(new Uint8Array(held.buffer, held.byteOffset, held.byteLength), start.length + head.length);
    return made;
  }

  const REMAINDERS = Uint32Array.from({ length: 256 }, (_, value) => {
    let rest = value;
    for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? (rest >>> 1) ^ 0xedb88320 : rest >>> 1;
    return rest;
  });

  function checksum(content) {
    let sum = 0xffffffff;
    for (const each of content) sum = REMAINDERS[(sum ^ each) & 255] ^ (sum >>> 8);
    return (sum ^ 0xffffffff) >>> 0;
  }

  // The parts of a zip file: each file behind its header, then the list of all, then where that list is.
  function zipped(files) {
    const [parts, list] = [[], []];
    let [at, listed] = [0, 0];
    for (const [name, content] of files) {
      const title = new TextEncoder().encode(name);
      const common = [[20, 2], [0, 2], [0, 2], [0, 2], [33, 2], [checksum(content), 4], [content.length, 4], [content.length, 4], [title.length, 2], [0, 2]];
      parts.push(packed([[0x04034b50, 4], ...common]), title, content);
      list.push(packed([[0x02014b50, 4], [20, 2], ...common, [0, 2], [0, 2], [0, 2], [0, 4], [at, 4]]), title);
      at += 30 + title.length + content.length;
      listed += 46 + title.length;
    }
    const end = [[0x06054b50, 4], [0, 2], [0, 2], [files.length, 2], [files.length, 2], [listed, 4], [at, 4], [0, 2]];
    return [...parts, ...list, packed(end)];
  }

  // Numbers of so many bytes each, the least significant byte first.
  function packed(numbers) {
    return Uint8Array.from(numbers.flatMap(([value, size]) => Array.from({ length: size }, (_, place) => (value >>> (8 * place)) & 255)));
  }
})();
