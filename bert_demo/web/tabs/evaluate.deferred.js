// The rows of an evaluation: those of a clicked number or slice, a part at a time, and the one that is opened in a lens.
window.bertEvaluate = (() => {
  const SAME = { __type__: 'update' };
  const PART = 50; // rows that are shown at once
  let opened = null; // the texts of the clicked row
  let unsettled = false;
  let lens = 'classify';
  let show = {};
  let limit = PART;

  const list = () => document.getElementById('answered-rows');
  const has = (row, side, label) => row.dataset[side].split(' ').includes(String(label));

  function fits(row) {
    if (show.places) return show.places.has(Number(row.dataset.at));
    if (show.wrong) return row.dataset.wrong !== undefined;
    if (show.label !== undefined) return has(row, 'truth', show.label) === show.has && has(row, 'answer', show.label) === show.given;
    return show.truth === undefined || (has(row, 'truth', show.truth) && has(row, 'answer', show.answer));
  }

  function draw(said) {
    let count = 0;
    for (const row of list().querySelectorAll('li')) {
      const there = fits(row);
      row.hidden = !there || count >= limit;
      count += there ? 1 : 0;
    }
    list().querySelector('[data-more-rows]').hidden = count <= limit;
    if (said === undefined) return;
    const line = said ? `${count.toLocaleString('en')} ${count === 1 ? 'row' : 'rows'}: ${said}` : `all ${count.toLocaleString('en')} rows`;
    list().querySelector('.rows-shown [role="status"]').textContent = line;
  }

  function choose(button) {
    document.querySelectorAll('#tab-evaluate [data-show]').forEach((each) => each.setAttribute('aria-pressed', String(each === button)));
    show = JSON.parse(button.dataset.show);
    if (show.places) show.places = new Set(show.places);
    limit = PART;
    draw(button.dataset.said);
  }

  // A place of numbers and names whose rows are shown.
  function filters(element) {
    element.addEventListener('click', (event) => {
      const button = event.target.closest('[data-show]');
      if (!button || !element.contains(button) || !list()?.querySelector('li')) return;
      choose(button);
      list().scrollIntoView({ block: 'nearest', behavior: 'smooth' });
    });
  }

  // What is wrong is shown first, and where nothing is, everything.
  function begin() {
    const offers = list()?.querySelectorAll('.rows-shown [data-show]') ?? [];
    if (!offers.length) return;
    const select = list().querySelector('[data-lens]');
    for (const tab of document.querySelectorAll('#lenses [role="tab"]')) {
      if (tab.dataset.tabId !== 'evaluate') select.add(new Option(tab.textContent.trim(), tab.dataset.tabId));
    }
    select.value = lens;
    choose(list().querySelector('li[data-wrong]') ? offers[0] : offers[1]);
  }

  // element, watch: of the component that holds the rows; send: says that one was clicked.
  function connect(element, watch, send) {
    filters(element);
    element.addEventListener('change', (event) => {
      if (event.target.matches('[data-lens]')) lens = event.target.value;
    });
    element.addEventListener('click', (event) => {
      const row = event.target.closest('[data-open]');
      if (row) {
        opened = JSON.parse(row.dataset.open);
        send();
      } else if (event.target.closest('[data-more-rows]')) {
        limit += PART;
        draw();
      }
    });
    watch('value', begin);
    begin();
  }

  // The bar and the question of the row that was clicked, in the lens that was chosen.
  function ask(asked) {
    const { text, pair } = opened;
    document.querySelector(`#lenses [role="tab"][data-tab-id="${lens}"]`)?.click();
    window.scrollTo(0, 0);
    unsettled = window.bertDemo.questions.unsettled(text, asked);
    if (unsettled) return [text, pair, SAME, SAME];
    return [text, pair, window.bertDemo.questions.next(text, pair, asked.model, asked), []];
  }

  // Behind Chinese signs the server says which model answers.
  function settle() {
    if (unsettled) window.bertDemo.questions.settle('settle');
    return [];
  }

  return { connect, filters, ask, settle };
})();
