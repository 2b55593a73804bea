// The lens Inside: the steps of a word's pieces written out.
window.bertInside = (() => {
  const SHOWN = 16;

  function make(kind, words, classes = '') {
    const node = document.createElement(kind);
    if (classes) node.className = classes;
    node.append(...[words].flat());
    return node;
  }

  // What was tried for a piece follows from the word: the rest of it, then without its last character, and so on.
  function tried(rest, mark, count) {
    const names = Array.from({ length: count }, (_, place) => mark + rest.slice(0, rest.length - place).join(''));
    const shown = names.slice(0, SHOWN).map((name) => make('s', make('bdi', name)));
    if (names.length > SHOWN) shown.push(make('small', `and ${names.length - SHOWN} more`));
    return shown;
  }

  function steps(cut, mark) {
    const letters = [...cut.word];
    const lines = [];
    let start = 0;
    for (const [piece, token, count] of cut.steps) {
      const before = start ? mark : '';
      const found = make('b', [make('bdi', piece), make('small', `id ${token}`)]);
      lines.push(make('li', [...tried(letters.slice(start), before, count), found]));
      start += [...piece].length - [...before].length;
    }
    if (cut.failed) {
      lines.push(make('li', [...tried(letters.slice(start), start ? mark : '', cut.failed), make('b', 'nothing matches', 'lost')]));
    }
    return make('ol', lines);
  }

  function open(button) {
    const panel = button.closest('.pieces');
    const cut = JSON.parse(button.dataset.cut);
    const mark = button.closest('[data-mark]').dataset.mark;
    panel.querySelectorAll('.cut[aria-pressed="true"]').forEach((each) => each.setAttribute('aria-pressed', 'false'));
    button.setAttribute('aria-pressed', 'true');
    const title = make('h3', [make('bdi', cut.word), make('small', `characters ${cut.start} to ${cut.end}`)]);
    if (cut.written !== cut.word) title.append(make('small', ['written ', make('bdi', cut.written)]));
    const end = [];
    if (cut.unknown !== null) {
      const why = cut.failed ? 'What is left matches nothing' : 'The word is longer than this tokenizer tries';
      end.push(make('p', `${why}, so that the whole word becomes ${cut.unknown}.`, 'note'));
    }
    panel.querySelector('[data-greedy]').replaceChildren(title, steps(cut, mark), ...end);
  }

  // element, watch: of the component that holds the panels. The word with the most pieces is open at first.
  function follow(element, watch) {
    const renew = () => element.querySelectorAll('.pieces').forEach((panel) => {
      const words = [...panel.querySelectorAll('[data-cut]')];
      const most = words.reduce((best, each) => (!best || each.children.length > best.children.length ? each : best), null);
      if (most) open(most);
    });
    watch('value', renew);
    renew();
  }

  for (const kind of ['focusin', 'click']) {
    document.addEventListener(kind, (event) => {
      const button = event.target.closest ? event.target.closest('[data-cut]') : null;
      if (button && button.getAttribute('aria-pressed') !== 'true') open(button);
    });
  }

  return { follow };
})();
