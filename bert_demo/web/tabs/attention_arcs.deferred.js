// Arcs between two columns of words, drawn from the weights that lie in the page, with numbers to point at.
// Nothing is fetched. Words are written as text, never as markup.
window.bertArcs = (() => {
  const LINE = 20;
  const MOST_LINES = 300;
  const LEAST = 0.01;
  const NAMED = 8;
  const SPACE = 'http://www.w3.org/2000/svg';
  const FONT = '13px system-ui, "Segoe UI", "Noto Sans", "Noto Sans CJK SC", sans-serif';
  const chosen = { of: '', words: new Set() };
  const exact = (weight) => weight.toFixed(6);

  function make(tag, attributes, text) {
    const made = document.createElementNS(SPACE, tag);
    for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
    if (text !== undefined) made.textContent = text;
    return made;
  }

  // The numbers of an arcs panel.
  function read(panel) {
    const bytes = Uint8Array.from(atob(panel.dataset.weights), (letter) => letter.charCodeAt(0));
    const [names, rows, columns] = ['names', 'rows', 'columns'].map((name) => JSON.parse(panel.dataset[name]));
    const weights = new Float32Array(bytes.buffer);
    const rowOf = new Map(rows.map((word, row) => [word, row]));
    const columnOf = new Map(columns.map((word, column) => [word, column]));
    // Weight from one word to another; null when that is not part of this view, or lies outside the window of a local layer.
    const weight = (from, to) => {
      const found = rowOf.has(from) && columnOf.has(to) ? weights[rowOf.get(from) * columns.length + columnOf.get(to)] : NaN;
      return Number.isNaN(found) ? null : found;
    };
    return { names, rows, columns, weights, rowOf, columnOf, weight };
  }

  class Arcs {
    constructor(panel) {
      this.panel = panel;
      this.key = panel.dataset.weights;
      Object.assign(this, read(panel));
      this.box = panel.querySelector('.arcs-box');
      this.readout = panel.querySelector('.readout');
      this.hovered = null;
      const of = JSON.stringify(this.names);
      if (chosen.of !== of) Object.assign(chosen, { of, words: new Set() });
      this.box.addEventListener('click', (event) => this.clicked(event));
      this.box.addEventListener('keydown', (event) => this.pressed(event));
      for (const kind of ['mouseover', 'focusin']) this.box.addEventListener(kind, (event) => this.pointed(event));
      this.box.addEventListener('mouseleave', () => this.point(null));
      panel.querySelector('[data-clear]').addEventListener('click', () => { chosen.words.clear(); redraw(); });
      new ResizeObserver(() => this.layOut()).observe(this.box);
    }

    // Words in two columns as wide as there is room; again when the room changes.
    layOut() {
      const width = Math.floor(this.box.clientWidth);
      if (!width || width === this.width) return;
      this.width = width;
      const count = Math.max(this.rows.length, this.columns.length);
      this.margin = Math.min(150, width * 0.3);
      const height = count * LINE + 8;
      this.svg = make('svg', { width, height, viewBox: `0 0 ${width} ${height}`, role: 'group', 'aria-label': 'words that ask and words that answer' });
      this.lines = make('g', { fill: 'none' });
      this.svg.append(this.lines);
      const pen = document.createElement('canvas').getContext('2d');
      pen.font = FONT;
      this.rows.forEach((word, row) => this.svg.append(this.word(word, row, 'row', pen)));
      this.columns.forEach((word, column) => this.svg.append(this.word(word, column, 'column', pen)));
      this.box.replaceChildren(this.svg);
      const first = this.svg.querySelector('[data-word]');
      if (first) first.setAttribute('tabindex', '0');
      this.draw();
    }

    word(word, place, side, pen) {
      const left = side === 'row';
      let name = this.names[word];
      if (pen.measureText(name).width > this.margin - 6) {
        while (name.length > 1 && pen.measureText(`${name}\u2026`).width > this.margin - 6) name = [...name].slice(0, -1).join('');
        name += '\u2026';
      }
      const group = make('g', { 'data-word': word, 'data-side': side, role: 'button', tabindex: '-1', 'aria-label': `${word} ${this.names[word]}, ${left ? 'asks' : 'answers'}` });
      const x = left ? 0 : this.width - this.margin;
      group.append(
        make('rect', { x, y: place * LINE + 4, width: this.margin, height: LINE, rx: 5 }),
        make('text', { x: left ? this.margin - 4 : x + 4, y: this.height(place), 'text-anchor': left ? 'end' : 'start', 'dominant-baseline': 'central' }, name),
        make('title', {}, `${word} ${this.names[word]}`));
      return group;
    }

    height(place) { return place * LINE + LINE / 2 + 4; }

    // The lines of the chosen words, else of the word pointed at, else the strongest of all.
    draw() {
      if (!this.svg) return;
      const words = chosen.words.size ? [...chosen.words] : this.hovered === null ? [] : [this.hovered];
      const wanted = [];
      for (const word of words) {
        if (this.rowOf.has(word)) this.columns.forEach((to) => wanted.push([word, to, 'from']));
        if (this.columnOf.has(word)) this.rows.forEach((from) => wanted.push([from, word, 'into']));
      }
      if (!words.length) wanted.push(...this.strongest());
      const lines = wanted.map(([from, to, kind]) => [from, to, kind, this.weight(from, to)]).filter((line) => line[3] !== null && line[3] >= LEAST);
      lines.sort((one, other) => one[3] - other[3]);
      this.lines.replaceChildren(...lines.flatMap((line) => this.line(...line)));
      this.svg.querySelectorAll('[data-word]').forEach((group) => {
        group.setAttribute('aria-pressed', chosen.words.has(Number(group.dataset.word)));
      });
      this.tell(words, lines.length);
    }

    strongest() {
      const order = [...this.weights.keys()].filter((place) => this.weights[place] >= LEAST);
      order.sort((one, other) => this.weights[other] - this.weights[one]);
      return order.slice(0, MOST_LINES).map((place) => [
        this.rows[Math.floor(place / this.columns.length)], this.columns[place % this.columns.length], 'any']);
    }

    line(from, to, kind, weight) {
      const [left, right] = [this.margin + 2, this.width - this.margin - 2];
      const [y, z] = [this.height(this.rowOf.get(from)), this.height(this.columnOf.get(to))];
      const bend = (right - left) * 0.45;
      const d = `M${left} ${y}C${left + bend} ${y} ${right - bend} ${z} ${right} ${z}`;
      const shown = make('path', { d, class: kind, 'stroke-width': (0.6 + 3 * weight).toFixed(2), 'stroke-opacity': Math.min(1, 0.12 + weight).toFixed(3) });
      if (kind === 'into') shown.setAttribute('stroke-dasharray', '5 3');
      const touched = make('path', { d, class: 'touch', 'data-from': from, 'data-to': to });
      touched.append(make('title', {}, this.said(from, to)));
      return [shown, touched];
    }

    quoted(word) { return `\u201c${this.names[word]}\u201d`; }

    said(from, to) { return `${this.names[from]} \u2192 ${this.names[to]} ${exact(this.weight(from, to))}`; }

    // What is drawn, in words and numbers, for those who do not see lines and for those who want the weights.
    tell(words, count) {
      const list = this.panel.querySelector('.arcs-said');
      const all = (pairs) => pairs.filter(([, weight]) => weight !== null).sort((one, other) => other[1] - one[1]).slice(0, NAMED)
        .map(([word, weight]) => `${this.quoted(word)} ${exact(weight)}`).join(', ');
      const lines = words.flatMap((word) => {
        const [out, into] = [this.columns.map((to) => [to, this.weight(word, to)]), this.rows.map((from) => [from, this.weight(from, word)])];
        const said = [];
        if (this.rowOf.has(word)) said.push(`${this.quoted(word)} looks at: ${all(out)}`);
        if (this.columnOf.has(word)) said.push(`${this.quoted(word)} is looked at by: ${all(into)}`);
        return said;
      });
      if (!words.length) lines.push(`No word chosen: the ${count} strongest lines of ${this.weights.length} are drawn.`);
      else lines.push(`The ${NAMED} strongest are named; lines under ${LEAST} are not drawn, point at a word for its weight.`);
      list.replaceChildren(...lines.map((text) => Object.assign(document.createElement('p'), { textContent: text, className: 'note' })));
    }

    point(word) {
      if (word === this.hovered) return;
      this.hovered = word;
      if (!chosen.words.size) this.draw();
      else if (word !== null) {
        const pairs = [...chosen.words].flatMap((each) => [[each, word], [word, each]])
          .filter(([from, to]) => this.weight(from, to) !== null).map(([from, to]) => this.said(from, to));
        this.readout.textContent = [...new Set(pairs)].join('   ');
      }
    }

    pointed(event) {
      const group = event.target.closest('[data-word]');
      if (group) { this.point(Number(group.dataset.word)); return; }
      const line = event.target.closest('[data-from]');
      if (line) this.readout.textContent = this.said(Number(line.dataset.from), Number(line.dataset.to));
    }

    clicked(event) {
      const group = event.target.closest('[data-word]');
      if (!group) { this.pointed(event); return; }
      const word = Number(group.dataset.word);
      if (!chosen.words.delete(word)) chosen.words.add(word);
      redraw();
    }

    pressed(event) {
      const group = event.target.closest('[data-word]');
      if (!group) return;
      if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); this.clicked(event); return; }
      const side = { ArrowLeft: 'row', ArrowRight: 'column' }[event.key] || group.dataset.side;
      const places = side === 'row' ? this.rows : this.columns;
      const here = places.indexOf(Number(group.dataset.word));
      const step = { ArrowUp: -1, ArrowDown: 1 }[event.key] || 0;
      if (!step && side === group.dataset.side) return;
      const next = this.svg.querySelector(`[data-side="${side}"][data-word="${places[Math.max(0, here) + step]}"]`);
      if (!next) return;
      event.preventDefault();
      this.svg.querySelectorAll('[tabindex="0"]').forEach((each) => each.setAttribute('tabindex', '-1'));
      next.setAttribute('tabindex', '0');
      next.focus();
    }
  }

  const drawn = new WeakMap();

  function panels() { return [...document.querySelectorAll('.arcs')]; }
  function redraw() { panels().forEach((panel) => drawn.get(panel)?.draw()); }

  // Panels that are new, or hold other weights, are drawn.
  function draw() {
    for (const panel of panels()) {
      const known = drawn.get(panel);
      if (!known || known.key !== panel.dataset.weights || known.box !== panel.querySelector('.arcs-box')) drawn.set(panel, new Arcs(panel));
    }
  }

  draw();
  return { draw, words: () => [...chosen.words] };
})();
