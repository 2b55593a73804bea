// The heads that are switched off: a set that lives in this page alone, and in its address (?off=3-7,2-1).
// Every send carries the whole set, so that no click is lost, however quickly one follows another.
window.bertDemoHeads = (() => {
  const linked = (new URL(window.location).searchParams.get('off') || '').split(',').filter((name) => /^\d{1,9}-\d{1,9}$/.test(name));
  const off = new Set(linked.map((name) => name.split('-').map(Number).join('-')));
  let grid = null;
  let send = () => {};

  const all = (selector) => [...document.querySelectorAll(selector)];
  const there = () => (grid ? [...grid.querySelectorAll('[data-off-head]')].map((button) => button.dataset.offHead) : []);
  const places = (name) => name.split('-').map(Number);
  const chosen = () => [...off].map(places).sort((one, two) => one[0] - two[0] || one[1] - two[1]);

  function paint() {
    all('[data-off-head]').forEach((button) => button.setAttribute('aria-pressed', off.has(button.dataset.offHead)));
    const heads = there();
    const whole = new Set();  // layers of which every head is off
    all('[data-off-layer]').forEach((button) => {
      const layer = heads.filter((name) => name.startsWith(`${button.dataset.offLayer}-`));
      const gone = layer.filter((name) => off.has(name)).length;
      if (gone && gone === layer.length) whole.add(Number(button.dataset.offLayer));
      button.setAttribute('aria-pressed', gone === 0 ? 'false' : gone === layer.length ? 'true' : 'mixed');
    });
    const known = new Set(heads);
    const gone = chosen().filter((head) => known.has(head.join('-')));
    const names = [...new Set(gone.map((head) => (whole.has(head[0]) ? `layer ${head[0]}` : head.join('-'))))];
    const list = names.length && names.length <= 24 ? `: ${names.join(', ')}` : '';
    all('[data-off-count]').forEach((line) => { line.textContent = `${gone.length} of ${heads.length} off${list}`; });
  }

  function tell() {
    paint();
    window.bertDemo.address({ off: chosen().map((head) => head.join('-')).join(',') });
    send();
  }

  // Another model may have fewer heads, and a link may name any: what this model lacks is kept, and sent, until the
  // next click, so that the answer can say that it was left out.
  function settle() {
    const heads = new Set(there());
    [...off].filter((name) => !heads.has(name)).forEach((name) => off.delete(name));
  }

  function toggle(name) {
    settle();
    if (!off.delete(name)) off.add(name);
    tell();
  }

  function toggleLayer(layer) {
    settle();
    const heads = there().filter((name) => name.startsWith(`${layer}-`));
    const every = heads.every((name) => off.has(name));
    heads.forEach((name) => (every ? off.delete(name) : off.add(name)));
    tell();
  }

  function connect(element, pick, watch) {
    grid = element;
    send = pick;
    watch('value', paint);
    paint();
    if (off.size) send();
  }

  function follow(watch) {
    watch('value', paint);
    paint();
  }

  document.addEventListener('click', (event) => {
    const button = event.target.closest ? event.target.closest('[data-off-head], [data-off-layer], [data-off-none]') : null;
    if (!button) return;
    if (button.dataset.offHead !== undefined) toggle(button.dataset.offHead);
    else if (button.dataset.offLayer !== undefined) toggleLayer(button.dataset.offLayer);
    else { off.clear(); tell(); }
  });

  // One stop for the Tab key; arrow keys walk over the switches.
  document.addEventListener('keydown', (event) => {
    const here = event.target.closest ? event.target.closest('.gates .gate') : null;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!here || !steps[event.key]) return;
    const rows = [...here.closest('.gates').querySelectorAll('.gate-row')].map((row) => [...row.querySelectorAll('.gate')]);
    const row = rows.findIndex((each) => each.includes(here));
    const next = (rows[row + steps[event.key][0]] || [])[rows[row].indexOf(here) + steps[event.key][1]];
    if (next) { event.preventDefault(); next.focus(); }
  });
  document.addEventListener('focusin', (event) => {
    const here = event.target.closest ? event.target.closest('.gates .gate') : null;
    if (!here) return;
    here.closest('.gates').querySelectorAll('.gate').forEach((each) => { each.tabIndex = each === here ? 0 : -1; });
  });

  return { chosen, connect, follow };
})();
