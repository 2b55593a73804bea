// The row of lenses from the keyboard: one stop, arrows, Home and End between the tabs; a lens opens when the focus rests on
// its tab, so that nothing is computed for those that were only passed. The group of each tab is its description. What a lens
// alone needs of scripts is loaded when it is opened; bertLens(name) is there when that is done.
(() => {
  const REST = 350; // milliseconds of rest that open a lens
  let opening = 0;

  const tabsOf = (row) => [...row.querySelectorAll(':scope > [role="tab"]')].filter((tab) => tab.offsetParent);

  const loaded = {};
  function load(name) {
    const source = window.bertLensScripts[name];
    loaded[name] ??= source ? new Promise((done, failed) => {
      const script = Object.assign(document.createElement('script'), { src: source, onload: done });
      script.onerror = () => { delete loaded[name]; script.remove(); failed(new Error(`${source} could not be loaded`)); };
      document.head.append(script);
    }) : Promise.resolve();
    return loaded[name];
  }
  window.bertLens = load;

  // The open lens is the stop; with it the row of a small screen is moved until its tab is seen.
  function follow(row) {
    let group = '';
    for (const tab of row.querySelectorAll('[role="tab"]')) {
      const open = tab.getAttribute('aria-selected') === 'true';
      group = getComputedStyle(tab).getPropertyValue('--group').replace(/"/g, '').trim() || group;
      tab.tabIndex = open ? 0 : -1;
      tab.setAttribute('aria-description', group);
      if (open && tab !== row.shown) show(row, tab);
      if (open) row.shown = tab;
      if (open) document.getElementById('bar')?.setAttribute('data-lens', tab.dataset.tabId);
      if (open && !loaded[tab.dataset.tabId]) load(tab.dataset.tabId).catch(() => {});
    }
  }

  // Lenses that do not fit into one line stand in two, parted between groups.
  function fit(row) {
    delete row.dataset.lines;
    const tabs = tabsOf(row);
    const lines = new Set(tabs.map((tab) => tab.offsetTop)).size;
    if (lines > 1) row.dataset.lines = '2';
    if (row.shown) show(row, row.shown);
  }

  function show(row, tab) {
    const middle = tab.offsetLeft - row.offsetLeft + tab.offsetWidth / 2;
    if (row.scrollWidth > row.clientWidth) row.scrollLeft = middle - row.clientWidth / 2;
  }

  function destination(key, place, last) {
    const next = document.dir === 'rtl' ? 'ArrowLeft' : 'ArrowRight';
    if (key === 'Home') return 0;
    if (key === 'End') return last;
    if (key !== 'ArrowLeft' && key !== 'ArrowRight') return -1;
    return (place + (key === next ? 1 : last)) % (last + 1);
  }

  document.addEventListener('keydown', (event) => {
    const row = event.target.closest?.('[role="tab"]')?.closest('#lenses [role="tablist"]');
    if (!row || event.altKey || event.ctrlKey || event.metaKey) return;
    const tabs = tabsOf(row);
    const place = destination(event.key, tabs.indexOf(event.target), tabs.length - 1);
    if (place < 0) return;
    event.preventDefault();
    clearTimeout(opening);
    tabs[place].focus();
    show(row, tabs[place]);
    opening = setTimeout(() => tabs[place].click(), REST);
  });
  document.addEventListener('focusout', () => clearTimeout(opening));

  // gradio may make the row anew, so it is looked for whenever the page changes.
  const widths = new ResizeObserver(() => fit(watched));
  let watched = null;
  function look() {
    const row = document.querySelector('#lenses [role="tablist"]');
    if (!row) return;
    follow(row);
    if (row === watched) return;
    watched = row;
    widths.disconnect();
    [row, ...row.children].forEach((each) => widths.observe(each));
  }
  function begin() {
    let waiting = 0;
    new MutationObserver(() => {
      cancelAnimationFrame(waiting);
      waiting = requestAnimationFrame(look);
    }).observe(document.body, { childList: true, subtree: true, attributeFilter: ['aria-selected'] });
    look();
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
