// The page as a whole: the lesson, a presentation for a projector, what is folded away on a small screen, rows that can be
// swiped, and the first line of an answer for those who hear the page.
(() => {
  const QUIET = 250; // milliseconds without a change after which an answer counts as there

  const typing = (element) => element?.closest?.('input, textarea, select, [contenteditable="true"], dialog[open]');

  function present(on) {
    document.body.classList.toggle('presenting', on);
    document.getElementById('present')?.setAttribute('aria-pressed', String(on));
    window.dispatchEvent(new Event('resize'));
    if (on) window.scrollTo(0, 0);
  }

  document.addEventListener('keydown', (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || typing(event.target)) return;
    if (event.key.toLowerCase() === 'p') present(!document.body.classList.contains('presenting'));
    if (event.key.toLowerCase() === 'n' && document.body.classList.contains('presenting')) nextExample();
  });

  // The examples are folded away in a presentation: the one behind that whose text stands in the bar, else the first.
  function nextExample() {
    const offers = [...document.querySelectorAll('#examples [data-example]')];
    const text = document.querySelector('#text textarea').value;
    const here = offers.findIndex((each) => JSON.parse(each.dataset.example).text === text);
    offers[(here + 1) % offers.length]?.click();
  }

  // The card beside the page: Escape closes it, but for a meaning that is open in it, and so does Tab out of it, or the
  // focus would go on under it. It scrolls by its own stop.
  const card = () => document.querySelector('#about > button.open');
  let tabbed = false;
  document.addEventListener('pointerdown', () => { tabbed = false; }, true);
  document.addEventListener('keydown', (event) => {
    tabbed = event.key === 'Tab';
    if (event.key !== 'Escape' || !card() || document.querySelector('.meanings :popover-open')) return;
    const button = card();
    button.click();
    button.focus();
  }, true);
  document.addEventListener('focusin', ({ target }) => { if (tabbed && card() && !target.closest('#about')) card().click(); });
  function nameCard() {
    const button = document.querySelector('#about > button');
    const open = String(card() !== null);
    if (button && button.getAttribute('aria-expanded') !== open) button.setAttribute('aria-expanded', open);
    const text = document.querySelector('#about > :not(button)');
    if (text && text.tabIndex !== 0) text.tabIndex = 0;
  }

  document.addEventListener('click', (event) => {
    const target = event.target.closest?.('button');
    if (!target) return;
    if (target.id === 'present') present(!document.body.classList.contains('presenting'));
    if (target.id === 'next-example') nextExample();
    if (target.id === 'begin') document.getElementById('lesson').showModal();
    if (target.dataset.fold) fold(target);
  });

  // While something is pressed nothing moves: the text field that loses the focus to it shrinks only afterwards, and one
  // without the focus stays small, or the click would miss what was pressed.
  const PRESSED = 50; // milliseconds after which the click that belongs to it has come
  const press = (on) => document.getElementById('bar')?.toggleAttribute('data-pressing', on);
  const written = () => Boolean(document.activeElement?.matches('#text textarea'));
  document.addEventListener('pointerdown', () => press(written()), true);
  for (const kind of ['pointerup', 'pointercancel']) {
    document.addEventListener(kind, () => setTimeout(() => press(false), PRESSED), true);
  }

  // A lens's choices, and on a small screen the rest of the bar.
  function fold(button) {
    const place = button.closest(button.dataset.fold === 'bar' ? '#bar' : '.tabitem');
    const open = place.dataset[button.dataset.fold] === undefined;
    if (open) place.dataset[button.dataset.fold] = '';
    else delete place.dataset[button.dataset.fold];
    button.setAttribute('aria-expanded', String(open));
  }

  // gradio's lists take Tab for a letter that is typed: they open again, filtered, when the focus has gone. And an open list
  // that scrolls would be the next stop, and take the focus with it when it closes.
  const LEAVING = ['Tab', 'Shift', 'Control', 'Alt', 'Meta'];
  window.addEventListener('keydown', (event) => {
    if (!LEAVING.includes(event.key) || !event.target.matches?.('input[role="combobox"]')) return;
    event.stopImmediatePropagation();
    document.querySelectorAll('[role="listbox"]').forEach((list) => { list.tabIndex = -1; });
  }, true);

  // Who chooses of a list by Enter stays in its field: gradio takes what was chosen when the field is left, and leaves it to
  // the page. It hears nothing of the return, or the list would open again, until something is done in the field: before it
  // has heard, it would take back what is typed (6.31.0).
  let returning = null;
  let unheard = null;
  window.addEventListener('focus', (event) => event.target === returning && event.stopImmediatePropagation(), true);
  document.addEventListener('keydown', (event) => {
    const field = event.target;
    if (event.key !== 'Enter' || !field.matches?.('input[role="combobox"]')) return;
    setTimeout(() => {
      if (document.activeElement !== document.body) return;
      returning = field;
      field.focus();
      returning = null;
      unheard = field;
    }, PRESSED);
  }, true);
  const heard = (event) => {
    if (event.target !== unheard || (event.type === 'keydown' && !event.key.startsWith('Arrow'))) return;
    unheard = null;
    if (event.type !== 'blur') event.target.dispatchEvent(new FocusEvent('focus'));
  };
  for (const kind of ['beforeinput', 'pointerdown', 'keydown', 'blur']) document.addEventListener(kind, heard, true);

  // gradio gives every choice of a radio group a name of its own (6.31.0), so that the browser takes each for a group: one
  // stop for Tab, at what is chosen, and arrows between the choices are made here.
  const STEPS = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };
  const choicesOf = (radio) => [...radio.closest('.wrap').querySelectorAll('input[type="radio"]:not(:disabled)')];

  document.addEventListener('keydown', (event) => {
    const radio = event.target;
    if (!STEPS[event.key] || !radio.matches?.('.wrap input[type="radio"]') || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    const all = choicesOf(radio);
    const next = all[(all.indexOf(radio) + STEPS[event.key] + all.length) % all.length];
    next.tabIndex = 0;
    next.focus();
    next.click();
  });

  document.addEventListener('focusin', ({ target }) => {
    if (!target.matches?.('.wrap input[type="radio"]')) return;
    for (const each of choicesOf(target)) each.tabIndex = each === target ? 0 : -1;
  });

  function oneStop() {
    document.querySelectorAll('.wrap input[type="radio"]:checked').forEach((chosen) => {
      if (!choicesOf(chosen).includes(document.activeElement)) for (const each of choicesOf(chosen)) each.tabIndex = each === chosen ? 0 : -1;
    });
  }

  // Which side of a row holds more: the style sheet lets it fade there.
  function more(row) {
    const left = row.scrollLeft > 4;
    const right = row.scrollLeft + row.clientWidth < row.scrollWidth - 4;
    row.dataset.more = left && right ? 'both' : left ? 'left' : right ? 'right' : '';
  }
  const ROWS = '.examples, #inside-view .wrap, #lenses [role="tablist"], .gates, .methods, .overview';
  document.addEventListener('scroll', (event) => event.target.matches?.(ROWS) && more(event.target), true);
  const widths = new ResizeObserver((entries) => entries.forEach((entry) => more(entry.target)));
  const watched = new WeakSet();

  function watchRows() {
    document.querySelectorAll(ROWS).forEach((row) => {
      if (!watched.has(row)) widths.observe(row);
      watched.add(row);
    });
  }

  const shown = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;

  // Of several answers of a lens, such as that to a click, the one that changed; else the one that was said.
  const saidBy = new Map(); // the place of each
  let told = null;
  function newest(answers) {
    const key = (each) => each.closest('[id]')?.id ?? '';
    const changed = answers.find((each) => saidBy.get(key(each)) !== each.dataset.spoken);
    answers.forEach((each) => saidBy.set(key(each), each.dataset.spoken));
    if (changed) told = key(changed);
    return answers.find((each) => key(each) === told) ?? answers[0];
  }

  // What is on the way is not said; an error says itself.
  function firstLine() {
    const lens = [...document.querySelectorAll('#lenses > [role="tabpanel"], #lenses .tabitem')].find(shown);
    if (!lens || [...lens.querySelectorAll('.working')].some(shown)) return '';
    const said = newest([...lens.querySelectorAll('[data-spoken]')].filter((each) => shown(each.parentElement)));
    const heading = [...lens.querySelectorAll('.panel h2, #open-head h2')].find(shown);
    return said ? said.dataset.spoken : heading ? heading.textContent.trim().replace(/\s+/g, ' ') : '';
  }

  // gradio names the place of a picture that is still to come, but not what it is.
  const nameEmpty = () => document.querySelectorAll('.empty[aria-label]:not([role])').forEach((each) => each.setAttribute('role', 'img'));

  function speak() {
    watchRows();
    nameEmpty();
    nameCard();
    oneStop();
    document.getElementById('bar')?.toggleAttribute('data-working', [...document.querySelectorAll('.working')].some(shown));
    const place = document.getElementById('spoken');
    const line = firstLine();
    if (place && line && place.textContent !== line) place.textContent = line;
  }

  function begin() {
    let waiting = 0;
    new MutationObserver(() => {
      clearTimeout(waiting);
      waiting = setTimeout(speak, QUIET);
    }).observe(document.body, { subtree: true, childList: true, attributeFilter: ['style', 'data-spoken'] });
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
