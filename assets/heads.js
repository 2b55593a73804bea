// The table of all heads: sorted by a click on a column, searched by words or by figures such as "next > 40".
(() => {
  const TEXT_COLUMNS = [0, 1, 11];
  const NAMES = { self: 2, previous: 3, next: 4, cls: 5, sep: 6, punctuation: 7, same: 8, entropy: 9, distance: 10 };

  const root = (element) => (element && element.closest ? element.closest('[data-habits]') : null);
  const values = (row) => (row.numbers ||= JSON.parse(row.dataset.values));
  // A column's value: shares, entropy and distance are numbers, the head's name counts by layer and head.
  function value(row, column) {
    if (column === 0) return row.place;
    if (TEXT_COLUMNS.includes(column)) return row.cells[column].textContent;
    return values(row)[column - 2];
  }

  // A share is searched in per cent, as it is shown.
  function shown(row, column) {
    return column <= 8 ? 100 * value(row, column) : value(row, column);
  }

  function matches(row, query) {
    const compared = /\[?(self|previous|next|cls|sep|punctuation|same|entropy|distance)\]?(?: word)?\s*(>=|<=|>|<)\s*(\d+(?:\.\d+)?)\s*%?/g;
    const rest = query.replace(compared, ' ').split(/\s+/).filter(Boolean);
    for (const [, name, sign, figure] of query.matchAll(compared)) {
      const [here, limit] = [shown(row, NAMES[name]), Number(figure)];
      const holds = { '>': here > limit, '<': here < limit, '>=': here >= limit, '<=': here <= limit }[sign];
      if (!holds) return false;
    }
    const text = [0, 1, 11].map((column) => row.cells[column].textContent).join(' ').toLowerCase();
    return rest.every((word) => text.includes(word));
  }

  function order(table, column, down) {
    const body = table.tBodies[0];
    const sign = down ? -1 : 1;
    const rows = [...body.rows].sort((one, other) => {
      const [a, b] = [value(one, column), value(other, column)];
      return (typeof a === 'string' ? (a === '') - (b === '') || sign * a.localeCompare(b) : sign * (a - b))
        || one.place - other.place;
    });
    body.append(...rows);
    [...table.tHead.rows[0].cells].forEach((cell, place) => {
      cell.setAttribute('aria-sort', place === column ? (down ? 'descending' : 'ascending') : 'none');
    });
  }

  function number(table) {
    const rows = [...table.tBodies[0].rows];
    if (rows.length && rows[0].place === undefined) rows.forEach((row, place) => { row.place = place; });
  }

  // Rows that fit the preset and the search; when no head reaches the preset's mark, all stay, the nearest first.
  function show(habits) {
    const table = habits.querySelector('table');
    number(table);
    const query = habits.querySelector('[data-search]').value.trim().toLowerCase();
    const preset = habits.querySelector('[data-preset][aria-pressed="true"]');
    const rows = [...table.tBodies[0].rows];
    const column = preset ? Number(preset.dataset.preset) : null;
    const least = preset ? Number(preset.dataset.least) : 0;
    const reach = preset ? rows.filter((row) => value(row, column) >= least) : rows;
    const kept = new Set((reach.length ? reach : rows).filter((row) => matches(row, query)));
    rows.forEach((row) => { row.hidden = !kept.has(row); });
    let said = preset || query ? `${kept.size} of ${rows.length} heads.` : '';
    if (preset && !reach.length) said = `No head here reaches the mark of "${preset.textContent}"; those nearest to it come first.`;
    else if (preset && column <= 8) said += ' They give it at least half of their attention.';
    else if (preset) said += ' Their entropy is at least 0.8 of the largest possible.';
    habits.querySelector('[data-found]').textContent = said;
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest ? event.target.closest('[data-sort], [data-preset]') : null;
    const habits = root(button);
    if (!habits) return;
    const table = habits.querySelector('table');
    number(table);
    if (button.dataset.sort !== undefined) {
      const column = Number(button.dataset.sort);
      const now = button.closest('th').getAttribute('aria-sort');
      order(table, column, TEXT_COLUMNS.includes(column) ? now === 'ascending' : now !== 'descending');
      return;
    }
    const chosen = button.dataset.preset !== '' && button.getAttribute('aria-pressed') !== 'true';
    habits.querySelectorAll('[data-preset]').forEach((each) => each.setAttribute('aria-pressed', 'false'));
    if (chosen) button.setAttribute('aria-pressed', 'true');
    else habits.querySelector('[data-search]').value = '';
    order(table, chosen ? Number(button.dataset.preset) : 0, chosen);
    show(habits);
  });

  document.addEventListener('input', (event) => {
    const habits = event.target.matches && event.target.matches('[data-search]') ? root(event.target) : null;
    if (habits) show(habits);
  });
})();
