// The examples: each fills the bar and asks the lens that is open. One whose text is for models of another kind changes the
// model and says so, until something else is asked; the way back is in the same sentence. Where the server has to settle
// which model answers, it is sent the example's number instead.
window.bertDemo.examples = (() => {
  const SAME = { __type__: 'update' };
  let picked = null;
  let changed = null; // the text, the model that it was changed to, and the one before
  let trigger = () => {};
  let ask = () => {};

  // A place whose buttons are examples, or the way back. pick: its event for the browser.
  function connect(element, send, [pick]) {
    if (element.querySelector('[data-example]')) {
      trigger = send;
      ask = () => send(pick, {});
    }
    element.addEventListener('click', (event) => {
      const button = event.target.closest('[data-example], [data-back]');
      if (!button || !element.contains(button)) return;
      picked = button.dataset.example ? JSON.parse(button.dataset.example) : null;
      send(pick, {});
    });
  }

  function say() {
    const line = document.querySelector('#example-changed .message');
    if (!line) return;
    line.hidden = changed === null;
    for (const part of line.querySelectorAll('[data-of]')) part.textContent = changed?.[part.dataset.of] ?? '';
  }

  // The bar and the question of the example that was pressed.
  function taken(asked) {
    const { place, name, text, pair, hide, fits } = picked;
    if (!picked.settled && window.bertDemo.questions.unsettled(text, asked)) {
      window.bertDemo.questions.settle('example', { example: place });
      return [SAME, SAME, SAME, SAME, SAME, SAME];
    }
    const model = picked.settled || (picked.model && !fits.includes(asked.model)) ? picked.model : asked.model;
    changed = picked.settled || model === asked.model ? null : { example: name, text, after: model, before: asked.model };
    return [text, pair, model, '', window.bertDemo.questions.next(text, pair, model, asked), hide];
  }

  // The model before, asked what stands in the bar.
  function back(text, pair, model, asked) {
    const before = changed?.before ?? model;
    return [before, '', window.bertDemo.questions.next(text, pair, before, asked), []];
  }

  // Something is asked: what an example did to the model is said of its own text alone.
  function leave(text, model) {
    if (changed && (changed.text !== text || changed.after !== model)) changed = null;
    say();
    nameIn(document.getElementById('next-example'), text);
  }

  // In a presentation the examples are folded away: the button of the next says which one this is.
  function nameIn(button, text) {
    const asks = [...document.querySelectorAll('#examples [data-example]')].map((each) => JSON.parse(each.dataset.example));
    const here = asks.find((each) => each.text === text);
    if (button) button.textContent = here ? `Example “${here.name}”, next (N)` : 'Next example (N)';
  }

  // A question that was answered before, and by which model.
  function again(question) {
    picked = { name: '', hide: [], fits: [], settled: true, ...question };
    ask();
  }

  return { connect, taken, back, leave, again, trigger: (...given) => trigger(...given) };
})();
