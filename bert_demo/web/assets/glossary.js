// The meaning of a hard word, by hover, tap or focus; Escape, or what is pressed elsewhere, takes it away.
window.bertGlossary = (() => {
  const LEAVE = 250;
  const EDGE = 8;
  let open = null;
  let leaving = 0;

  function wordOf(event) { return event.target.closest ? event.target.closest('.term') : null; }

  function hide() {
    clearTimeout(leaving);
    if (open && open.matches(':popover-open')) open.hidePopover();
    open = null;
  }

  function show(word) {
    clearTimeout(leaving);
    const meaning = document.getElementById(word.getAttribute('aria-describedby'));
    if (!meaning || meaning === open) return;
    hide();
    meaning.showPopover();
    open = meaning;
    const at = word.getBoundingClientRect();
    const left = Math.min(at.left, window.innerWidth - meaning.offsetWidth - EDGE);
    const below = at.bottom + 4;
    const fits = below + meaning.offsetHeight + EDGE <= window.innerHeight;
    meaning.style.left = `${Math.max(EDGE, left)}px`;
    meaning.style.top = `${fits ? below : Math.max(EDGE, at.top - 4 - meaning.offsetHeight)}px`;
  }

  document.addEventListener('pointerover', (event) => {
    const word = wordOf(event);
    if (word && event.pointerType === 'mouse') show(word);
    else if (open && open.contains(event.target)) clearTimeout(leaving);
    else if (open && event.pointerType === 'mouse' && wordOf({ target: document.activeElement }) === null) {
      clearTimeout(leaving);
      leaving = setTimeout(hide, LEAVE);
    }
  });
  document.addEventListener('focusin', (event) => { if (wordOf(event)) show(wordOf(event)); else hide(); });
  document.addEventListener('focusout', (event) => { if (wordOf(event)) hide(); });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  document.addEventListener('scroll', hide, { capture: true, passive: true });
  // A word may stand in a row that does something else when it is pressed.
  document.addEventListener('click', (event) => {
    const word = wordOf(event);
    if (!word) { if (open && !open.contains(event.target)) hide(); return; }
    event.stopPropagation();
    show(word);
  }, true);

  return { show, hide };
})();
