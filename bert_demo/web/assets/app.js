// What the page does in the browser alone: its address, light and dark, the selected word.
// Nothing is fetched, and nothing is stored but the choice between light and dark (and, by the lens Train, the tokens of its jobs).
window.bertDemo = (() => {
  const LONGEST_LINK = 4000;

  let restored = false;

  // Whether the page came with the opening example's answers in it.
  function painted() {
    const there = document.querySelector('#labels .bar') !== null;
    if (there) window.bertDemo.questions.painted();
    return there;
  }

  // Until the page has taken up the address it was opened with, nothing may change it.
  function ready(text, pair, model) {
    restored = true;
    document.getElementById('placeholder')?.remove();
    window.bertDemo.past.ready({ text, pair: pair || '', model });
    window.bertDemo.questions.ready();
    return [];
  }

  // A tab was opened: what its lens shows.
  function opened(tab) {
    address({ tab });
    return window.bertDemo.questions.opened(tab);
  }

  // as: a new entry of the browser's history ("pushState"), else the one that is there goes on.
  function address(changes, as = 'replaceState', question = window.history.state) {
    if (!restored) return;
    const url = new URL(window.location);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    window.history[as](question, '', url);
    window.bertDemo.past.kept(url);
  }

  // What is chosen, where style sheets find it (holds.js says why not by :has()).
  function mark(name, value) {
    if (value) document.body.dataset[name] = value;
    else delete document.body.dataset[name];
    return [];
  }

  function remember(text, pair, model) {
    const whole = (text + (pair || '')).replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '');
    const fits = encodeURIComponent(whole).length < LONGEST_LINK;
    const question = { text, pair: pair || '', model };
    const as = window.bertDemo.past.isNew(question) ? 'pushState' : 'replaceState';
    address({ text: fits ? text : null, pair: fits ? pair : null, model, hide: null }, as, question);
    document.body.classList.toggle('no-link', !fits);
    return [];
  }

  function hidden() {
    const shown = document.querySelector('#words [data-hidden]');
    address({ hide: shown ? shown.dataset.hidden : null });
    return [];
  }

  // The word under the cursor, or the selected words, of the text in the bar; offsets count code points, as Python does.
  function selectedWord() {
    const area = document.querySelector('#text textarea, #text input');
    const text = area.value;
    const start = area.selectionStart;
    const end = area.selectionEnd;
    const points = (part) => [...part].length;
    return { text, start: points(text.slice(0, start)), end: points(text.slice(0, end)) };
  }

  let repeats = [];

  // Progress that was on its way when Stop was pressed may still arrive; until the next click or key it is answered the same.
  function stopped() {
    sayStopped();
    repeats = [300, 900, 2000].map((wait) => setTimeout(sayStopped, wait));
    return [];
  }

  for (const kind of ['click', 'keydown']) document.addEventListener(kind, () => repeats.forEach(clearTimeout), true);

  function sayStopped() {
    document.querySelectorAll('.remaining').forEach((line) => line.remove());
    document.querySelectorAll('.working').forEach((line) => {
      line.dataset.stopped = '';
      line.textContent = `Stopped. ${line.closest('.notice') ? 'Press Enter or Run' : 'Press its Run'} to start anew.`;
    });
  }

  function theme(dark) {
    const next = dark === undefined ? !document.body.classList.contains('dark') : dark;
    document.body.classList.toggle('dark', next);
    try { window.localStorage.setItem('bert-demo-dark', next ? '1' : '0'); } catch (error) { /* private window */ }
  }

  document.addEventListener('DOMContentLoaded', () => {
    let kept = null;
    try { kept = window.localStorage.getItem('bert-demo-dark'); } catch (error) { /* private window */ }
    if (kept !== null) setTimeout(() => theme(kept === '1'), 0);
  });

  return { ready, painted, opened, isReady: () => restored, address, mark, remember, hidden, selectedWord, stopped, theme };
})();
