// A strip of words, each a button with its surprise: the word under the pointer, or the one that a click or the Tab key
// reached, shows below the strip what the model expected there.
(() => {
  function show(event) {
    const chip = event.target.closest ? event.target.closest('.surprise [data-word]') : null;
    if (!chip || chip.getAttribute('aria-pressed') === 'true') return;
    const panel = chip.closest('.panel');
    panel.querySelectorAll('.surprise [data-word]').forEach((each) => each.setAttribute('aria-pressed', String(each === chip)));
    panel.querySelectorAll('[data-detail]').forEach((each) => { each.hidden = each.dataset.detail !== chip.dataset.word; });
  }

  for (const kind of ['click', 'focusin', 'pointerover']) document.addEventListener(kind, show);
})();
