// Says of the open lens when its answer does not belong to what the bar says, and when heads that are switched off in
// another lens have no part in it. Each answer carries the mark of its question; nothing is asked of the server.
window.bertOutdated = (() => {
  const TABLE = Uint32Array.from({ length: 256 }, (_, number) => {
    let value = number;
    for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const PAUSE = 80; // milliseconds in which several changes are one
  const MOST_NAMED = 12; // heads
  const MOST_QUOTED = 50; // characters
  const asked = new Map(); // what each lens was asked last
  const labels = new Map(); // how the model field writes a model that was asked
  let timer = 0;

  // CRC-32 of the texts and the model, as zlib has it.
  function mark(text, pair, model) {
    let value = -1;
    for (const byte of new TextEncoder().encode(`${text}\0${pair}\0${model}`)) value = (value >>> 8) ^ TABLE[(value ^ byte) & 255];
    return String((value ^ -1) >>> 0);
  }

  const find = (selector, root = document) => root.querySelector(selector);
  const valueOf = (selector) => find(`${selector} textarea, ${selector} input`)?.value ?? '';
  const opened = () => [...document.querySelectorAll('#lenses [role=tabpanel]')].find((panel) => panel.offsetParent !== null);

  // The name of the model that its field writes.
  function named(field) {
    const known = [...labels].find(([, label]) => label === field);
    return known ? known[0] : field;
  }

  const bar = () => [valueOf('#text'), valueOf('#pair'), named(valueOf('#model'))];

  function quoted(text) {
    const line = [...text.trim().split(/\s+/).join(' ')];
    return line.length > MOST_QUOTED ? `${line.slice(0, MOST_QUOTED).join('').trimEnd()} \u2026` : line.join('');
  }

  // The field may write a model otherwise than its name; it is learnt from an answer to what the bar says.
  function learn(answer, text, pair) {
    const field = find('#model input');
    if (labels.has(answer.dataset.model) || document.activeElement === field) return;
    if (mark(text, pair, answer.dataset.model) === answer.dataset.question) labels.set(answer.dataset.model, field?.value ?? '');
  }

  // The question of the answer that the open lens shows: its mark, that of a view with an answer of its own, or, while
  // the lens works or where it was stopped with a part of it done, what was asked then.
  function shown(panel) {
    const body = panel && find('.lens-answer', panel);
    const notice = panel && find('.notice', panel);
    if (!notice) return null;
    const own = [...panel.querySelectorAll('.answered')].find((each) => !notice.contains(each) && each.nextElementSibling?.offsetHeight);
    if (own) return own;
    if (!body || body.offsetHeight === 0) return null;
    const working = find('.working', notice);
    return working ? inWork(asked.get(panel.id), working.dataset.stopped !== undefined) : find('.answered', notice);
  }

  // What a lens was asked and does not answer in full yet, or no more; the names of models may have been learnt since.
  function inWork(question, stopped) {
    if (!question) return null;
    const { text, pair, field } = question;
    const dataset = { question: mark(text, pair, named(field)), text: quoted(text), pair, model: named(field) };
    return { dataset, goesOn: !stopped };
  }

  // The lens of that name begins to answer what stands in the bar.
  function began(name) {
    asked.set(`tab-${name}`, { text: valueOf('#text'), pair: valueOf('#pair'), field: valueOf('#model') });
  }

  function say(selector, sentence) {
    const line = find(selector);
    if (line && line.textContent !== sentence) line.textContent = sentence;
  }

  function check() {
    const panel = opened();
    const answer = shown(panel);
    if (answer?.isConnected) learn(answer, ...bar());
    const old = answer !== null && mark(...bar()) !== answer.dataset.question;
    const own = panel && (panel.id !== 'tab-classify' || (answer && !old && !answer.goesOn)); // no more the opening's
    if (own && window.bertDemo.isReady()) document.body.removeAttribute('data-linked');
    document.querySelectorAll('.outdated').forEach((each) => each.classList.toggle('outdated', each === panel && old));
    if (old) panel.classList.add('outdated');
    const { text, pair, model } = answer ? answer.dataset : {};
    const both = pair ? `\u201c${text}\u201d and \u201c${pair}\u201d` : `\u201c${text}\u201d`;
    const what = answer?.goesOn ? `What is being computed is ${both}` : `This is the answer to ${both}`;
    say('#outdated-line', old ? `${what}, asked of ${model}. Press Enter to ask what stands above.` : '');
    const off = window.bertDemoHeads ? window.bertDemoHeads.chosen().map((head) => head.join('-')) : [];
    const note = find('#heads-off');
    if (note) note.hidden = !off.length || !panel || panel.id === 'tab-without' || !answer;
    const names = off.length <= MOST_NAMED ? off.join(', ') : `${off.length} of them`;
    say('#heads-off span', `Answered with all heads: ${names} ${off.length === 1 ? 'is' : 'are'} off in`);
  }

  function soon() {
    if (!timer) timer = setTimeout(() => { timer = 0; check(); }, PAUSE);
  }

  for (const kind of ['input', 'change', 'click', 'keyup']) document.addEventListener(kind, soon, true);
  new MutationObserver(soon).observe(document, { childList: true, subtree: true });

  return { check, mark, began };
})();
