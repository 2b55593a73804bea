// Which lens a question is asked of: the one that is open, and no other. Nothing leaves the browser for a hidden one.
// A lens is known by its name. For each is kept which question its answer belongs to: a lens that is opened with an
// answer to an older question asks anew, and one whose answer is current asks nothing. A dear lens, when it is opened, says
// how to ask; Enter and Run start it. The page's events: web/questions.py.
window.bertDemo.questions = (() => {
  const SAME = { __type__: 'update' };
  const AWAY = { __type__: 'update', visible: false };
  const turn = { asked: 0, hidden: 0, model: 0 };
  const answered = {};
  const cleared = {};
  const renewed = {};
  const visited = new Set(); // lenses that may be at work: they were open since the last question
  let lenses = [];
  let waiting = '';
  let trigger = () => {};
  let offer = '';
  let open = null;
  let model = null;
  let labelled = null;
  let restored = false;
  let due = null;
  let settling = false;

  const find = (name) => lenses.find((lens) => lens.name === name);
  // One that reads texts of its own has another question when the model is another.
  function question(lens) {
    if (lens.own) return `model ${turn.model}`;
    return lens.hides ? `${turn.asked} ${turn.hidden}` : `${turn.asked}`;
  }
  const current = (lens) => answered[lens.name] === question(lens);
  const send = (what, lens) => trigger(lens.events[what]);
  const place = (lens) => document.getElementById(`tab-${lens.name}`);

  // The lenses in their order, what a lens says while it waits, what sends an event, and the event of new labels.
  function connect(settings, sender, labels) {
    ({ lenses, waiting } = settings);
    trigger = sender;
    offer = labels;
    const linked = new URL(window.location).searchParams.get('tab');
    open = (find(linked) || lenses[0]).name;
    visited.add(open);
  }

  // The page came with the answer of its first lens.
  function painted() {
    const [first] = lenses;
    answered[first.name] = question(first);
    for (const lens of lenses) {
      cleared[lens.name] = question(lens);
      renewed[lens.name] = turn.asked;
    }
  }

  // Whether the server has to settle which model answers: for Chinese signs, behind them, and while it settles another.
  const unsettled = (text, before) => settling || Boolean(before?.before) || /\p{Script=Han}/u.test(text ?? '');
  const next = (text, pair, chosen, before) => ({ text, pair, model: chosen ?? '', turn: (before?.turn ?? 0) + 1 });

  // Enter, Run or a chosen model: what was said of the model goes, the next question, nothing hidden.
  function entered(text, pair, chosen, before) {
    if (!unsettled(text, before)) return ['', next(text, pair, chosen, before), []];
    settle('settle');
    return [SAME, SAME, SAME];
  }

  // A model of the list. gradio tells of it once more whenever its field is left (6.31.0): that asks nothing.
  const chosen = (text, pair, name, before) => (name === before?.model ? [SAME, SAME, SAME] : entered(text, pair, name, before));

  function settle(name, detail = {}) {
    settling = true;
    window.bertDemo.examples.trigger(name, detail);
  }

  // All that belongs to one moment is asked once. pressed: also what only Enter starts.
  function start(name, pressed) {
    if (due && due.name === name) {
      due.pressed = due.pressed || pressed;
      return;
    }
    due = { name, pressed };
    const mine = due;
    setTimeout(() => {
      if (due === mine) due = null;
      run(find(mine.name), mine.pressed);
    });
  }

  function run(lens, pressed) {
    answered[lens.name] = question(lens);
    visited.add(lens.name);
    window.bertOutdated.began(lens.name);
    if (cleared[lens.name] !== question(lens)) send('clear', lens);
    cleared[lens.name] = question(lens);
    if (renewed[lens.name] !== turn.asked) send('renew', lens);
    renewed[lens.name] = turn.asked;
    send('run', lens);
    send('wait', lens);
    if (lens.targets) relabel(lens);
    for (const id of pressed ? lens.buttons : []) {
      const button = document.getElementById(id);
      if (button && button.offsetParent) button.click();
    }
  }

  // The labels on offer are those of the model: they follow another one, and one that could not be asked before.
  function relabel(lens) {
    const failed = place(lens)?.querySelector('.notice .error');
    if (labelled !== model || failed) trigger(offer);
    labelled = model;
  }

  // A question of the open lens is asked; the work on the older one ends, and hidden answers to it stay unseen.
  function changed(stale, pressed) {
    for (const lens of stale) {
      if (lens.name === open) {
        if (pressed) send('end', lens);
        start(open, pressed);
      } else {
        place(lens)?.setAttribute('data-stale', '');
        if (visited.delete(lens.name)) send('leave', lens);
      }
    }
    return [];
  }

  function asked(ask) {
    turn.asked += 1;
    const other = ask.model !== model;
    if (other) turn.model += 1;
    model = ask.model;
    settling = false;
    window.bertDemo.examples.leave(ask.text, ask.model);
    window.bertDemo.remember(ask.text, ask.pair, ask.model);
    return changed(lenses.filter((lens) => !lens.own || other || lens.name === open), true);
  }

  function hidden() {
    turn.hidden += 1;
    return changed(lenses.filter((lens) => lens.hides), false);
  }

  // What the open lens says until the server does; rows of an older question would stand for the first of this one.
  const wait = (name) => [waiting, find(name).rows ? AWAY : SAME];

  // A lens was opened: its notice and its pictures. While the page takes up its address, gradio opens the first.
  function opened(name) {
    const lens = find(name);
    if (restored || lens !== lenses[0]) open = name;
    visited.add(open);
    document.dispatchEvent(new CustomEvent('lens', { detail: { name, model: turn.model } }));
    if (!restored || current(lens)) return [SAME, SAME];
    if (lens.dear) return [due && due.name === name ? waiting : lens.dear, AWAY];
    start(name, false);
    return [waiting, AWAY];
  }

  // What it holds now is not that of an older question.
  function shown(name) {
    place(find(name))?.removeAttribute('data-stale');
    return [];
  }

  // A control of a lens asks again; in a hidden one it waits until that is opened.
  function again(name) {
    if (name === open) start(name, false);
    else delete answered[name];
    return [];
  }

  // The page has taken up its address: the linked lens is computed, whatever it costs.
  function ready() {
    restored = true;
    if (!current(find(open))) start(open, true);
  }

  return { connect, painted, entered, chosen, next, unsettled, settle, asked, hidden, wait, opened, shown, again, ready, open: () => open };
})();
