// Marks elements by what they hold, for the style sheets: they could say `:has()` themselves, but Chromium then styles the
// whole page anew with every element that is put in somewhere. Plotly puts in hundreds, and measures each.
(() => {
  const SAID = '.message:not([hidden]), .panel';
  const MARKS = [ // elements, their mark, what they hold
    ['.notice', 'data-said', SAID],
    ['.notice', 'data-working', '.working'],
    ['#model-changed', 'data-said', SAID],
    ['#example-changed', 'data-said', SAID],
    ['#answer-notes', 'data-said', '#outdated-line:not(:empty), #heads-off:not([hidden])'],
    ['.tabitem', 'data-controls', ':scope > .column > .controls'],
    ['.controls', 'data-primary', ':scope > button.primary'],
    ['#about', 'data-open', ':scope > button.open'],
    ['#card div', 'data-table', ':scope > table'],
    ['#tab-methods', 'data-trial', '#trial .panel'],
    ['#head-title', 'data-heatmap', '[data-display="heatmap"]'],
    ['#head-title', 'data-arcs', '[data-display="arcs"]'],
    ['#head-title', 'data-steps', '[data-display="steps"]'],
    ['#other-title', 'data-arcs', '[data-compared="arcs"]'],
    ['#other-head', 'data-said', '[data-compared], .message'],
  ];

  function mark() {
    for (const [places, name, held] of MARKS) {
      for (const place of document.querySelectorAll(places)) place.toggleAttribute(name, place.querySelector(held) !== null);
    }
  }

  // Told of a change before it is painted.
  function begin() {
    const watch = { subtree: true, childList: true, attributeFilter: ['class', 'hidden'] };
    new MutationObserver(mark).observe(document.body, watch);
    mark();
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
