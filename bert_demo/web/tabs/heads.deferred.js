// The table of all heads: sorted by a click on a column, searched in words (heads_search.deferred.js). A new answer makes a new
// table; what the visitor has sorted and searched is done to it again.
window.bertHeads = (() => {
  const HABIT = 1;
  const RELATIONS = 11;
  const kept = { search: '', preset: '', column: 0, down: false, typing: false };

  const root = (element) => (element && element.closest ? element.closest('[data-habits]') : null);
  const lines = (habits) => [...habits.querySelector('tbody').rows];

  function rowOf(line) {
    const { layer, head } = JSON.parse(line.dataset.pick);
    const relations = line.cells[RELATIONS].textContent.split(', ').filter(Boolean);
    return { layer, head, relations, habit: line.cells[HABIT].textContent, values: JSON.parse(line.dataset.values) };
  }

  // A column's value: the head's name counts by layer and head; texts are compared as texts.
  function value(line, row, column) {
    if (column === 0) return 1000 * row.layer + row.head;
    return column === HABIT || column === RELATIONS ? line.cells[column].textContent : row.values[column - 2];
  }

  function order(habits) {
    const { column, down } = kept;
    const sign = down ? -1 : 1;
    const keyed = lines(habits).map((line) => [line, rowOf(line)]).map(([line, row]) => [line, value(line, row, column), value(line, row, 0)]);
    keyed.sort(([, a, first], [, b, second]) => (typeof a === 'string' ? (a === '') - (b === '') || sign * a.localeCompare(b) : sign * (a - b))
      || first - second);
    habits.querySelector('tbody').append(...keyed.map(([line]) => line));
    [...habits.querySelector('thead tr').cells].forEach((cell, place) => {
      cell.setAttribute('aria-sort', place === column ? (down ? 'descending' : 'ascending') : 'none');
    });
  }

  // Lines that fit the preset and the search; when no head fits the preset, all stay, the nearest first.
  function show(habits) {
    const shown = lines(habits);
    const rows = shown.map(rowOf);
    const read = (query) => window.bertHeadSearch.read(query, JSON.parse(habits.dataset.names), JSON.parse(habits.dataset.limits), rows);
    habits.querySelectorAll('[data-preset]').forEach((each) => each.setAttribute('aria-pressed', each.dataset.preset !== '' && each.dataset.preset === kept.preset));
    const pressed = habits.querySelector('[data-preset][aria-pressed="true"]');
    const [preset, search] = [read(pressed ? pressed.textContent : ''), read(kept.search)];
    const none = !rows.some(preset.holds);
    const fits = rows.map((row) => (none || preset.holds(row)) && search.holds(row));
    shown.forEach((line, place) => { line.hidden = !fits[place]; });
    habits.querySelector('[data-found]').textContent = said(pressed, none, preset, search, fits);
  }

  function said(pressed, none, preset, search, fits) {
    const found = `${fits.filter(Boolean).length} of ${fits.length} heads.`;
    const understood = [none ? '' : preset.said, search.said].filter(Boolean).join(', ');
    const parts = [];
    if (pressed && none) parts.push(`No head here reaches the mark of "${pressed.textContent}" (${preset.said}); those nearest to it come first.`);
    if (understood) parts.push(`${none ? 'Of them, ' : ''}${understood}: ${found}`);
    if (search.left.length) parts.push(`Not understood: ${search.left.map((word) => `"${word}"`).join(', ')}.`);
    if (search.left.length && !search.said) parts.push('Try: next word, not broad, [SEP] > 40, layer 3.');
    return parts.join(' ');
  }

  function again(habits) {
    const search = habits.querySelector('[data-search]');
    search.value = kept.search;
    order(habits);
    show(habits);
    if (kept.typing && document.activeElement === document.body) search.focus({ preventScroll: true });
  }

  // element, watch: of the component that holds the table.
  function follow(element, watch) {
    const renew = () => { const habits = element.querySelector('[data-habits]'); if (habits) again(habits); };
    watch('value', renew);
    renew();
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest ? event.target.closest('[data-sort], [data-preset]') : null;
    const habits = root(button);
    if (!habits) return;
    if (button.dataset.sort !== undefined) {
      const column = Number(button.dataset.sort);
      const texts = [0, HABIT, RELATIONS].includes(column);
      const now = button.closest('th').getAttribute('aria-sort');
      Object.assign(kept, { column, down: texts ? now === 'ascending' : now !== 'descending' });
      order(habits);
      return;
    }
    const preset = button.dataset.preset === kept.preset ? '' : button.dataset.preset;
    Object.assign(kept, { preset, column: Number(preset), down: preset !== '' });
    if (button.dataset.preset === '') kept.search = '';
    again(habits);
  });

  document.addEventListener('input', (event) => {
    const habits = event.target.matches && event.target.matches('[data-search]') ? root(event.target) : null;
    if (!habits) return;
    kept.search = event.target.value;
    show(habits);
  });

  // Whether the visitor is in the search, so that a new table does not take the place of writing away.
  for (const kind of ['focusin', 'pointerdown']) {
    document.addEventListener(kind, (event) => { kept.typing = Boolean(event.target.matches && event.target.matches('[data-search]')); });
  }

  return { follow };
})();
