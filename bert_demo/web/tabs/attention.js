// The lens Attention in the browser: the head that is open is marked, what was clicked is handed on, and what is pointed at named.
window.bertAttention = (() => {
  // A heatmap whose column becomes wider or narrower is drawn anew.
  const fitted = new WeakSet();
  const fit = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    const plot = target.querySelector('.js-plotly-plot');
    if (plot && plot._fullLayout && target.clientWidth && Math.abs(plot._fullLayout.width - plot.clientWidth) > 2) window.Plotly.Plots.resize(plot);
  }));

  // plotly names its colour scale by the address of the page, which changes with the open head: the name alone stays right.
  function nameAlone(scale) {
    const place = scale.style.fill.indexOf('#');
    if (place > 5) scale.style.fill = `url("#${scale.style.fill.slice(place + 1)}`;
  }

  // The overview marks the head that the title names, which is the server's answer.
  function mark() {
    const open = document.querySelector('#head-title [data-open]')?.dataset.open;
    if (!open) return oneStop();
    document.querySelectorAll('#overview .thumb').forEach((thumb) => {
      const pressed = String(thumb.dataset.head === open);
      if (thumb.getAttribute('aria-pressed') !== pressed) thumb.setAttribute('aria-pressed', pressed);
    });
    oneStop();
  }

  // One stop for the Tab key, at the head that has the focus, else at the open one; arrow keys walk from there.
  function oneStop() {
    const thumbs = [...document.querySelectorAll('#overview .thumb')];
    const stop = thumbs.find((each) => each === document.activeElement)
      ?? thumbs.find((each) => each.getAttribute('aria-pressed') === 'true') ?? thumbs[0];
    thumbs.forEach((each) => { if (each.tabIndex !== (each === stop ? 0 : -1)) each.tabIndex = each === stop ? 0 : -1; });
  }

  function refresh() {
    document.querySelectorAll('.cbfill.gradient_filled').forEach(nameAlone);
    window.bertArcs?.draw();
    window.bertSteps?.draw();
    document.querySelectorAll('#heatmap, #other-heatmap').forEach((box) => {
      if (fitted.has(box)) return;
      fitted.add(box);
      fit.observe(box);
    });
    mark();
  }

  // Marks that gradio writes with an overview, which may come after the title of a newer head, are heard as well.
  function heard(changes) {
    const marks = changes.filter((change) => change.attributeName === 'aria-pressed');
    if (marks.length < changes.length) refresh();
    else if (marks.some((change) => change.target.matches('#overview .thumb'))) mark();
  }

  function start() {
    refresh();
    const attributeFilter = ['data-open', 'data-weights', 'data-figures', 'aria-pressed'];
    new MutationObserver(heard).observe(document.documentElement, { childList: true, subtree: true, attributes: true, attributeFilter });
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', start);
  else start();

  // What was clicked last, for the event that follows: it never leaves the browser, so that clicks keep their order.
  let last = {};
  document.addEventListener('click', (event) => {
    const target = event.target.closest?.('#overview [data-pick], #steps [data-pick], #tour [data-pick], #all-heads [data-pick]');
    if (target) last = JSON.parse(target.dataset.pick);
  }, true);
  function picked(...names) { return names.map((each) => last[each]); }

  // The same for a head that another lens names: this lens comes to the front.
  function opened() {
    document.querySelector('#tab-attention-button').click();
    return picked('layer', 'head');
  }

  // Arrow keys walk over the heads of the overview.
  document.addEventListener('keydown', (event) => {
    const here = event.target.closest?.('.overview .thumb');
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!here || !steps[event.key]) return;
    const [layer, head] = here.dataset.head.split('-').map(Number);
    const next = document.querySelector(
      `.overview .thumb[data-head="${layer + steps[event.key][0]}-${head + steps[event.key][1]}"]`);
    if (next) { event.preventDefault(); next.focus(); next.click(); }
  });

  // A head of the overview names itself and its habit; a cell of the steps says its number.
  function name(event) {
    const thumb = event.target.closest?.('#overview .thumb');
    if (thumb) document.querySelector('#habit').textContent = thumb.title;
    const cell = event.target.closest?.('.cells i');
    if (cell) {
      const strip = cell.parentElement;
      const line = strip.closest('.line').querySelector('span').textContent;
      const place = [...strip.children].indexOf(cell);
      cell.closest('#steps').querySelector('.readout').textContent = `${strip.dataset.of}${line === strip.dataset.of ? '' : ` of ${line}`}, number ${place}: ${cell.title}`;
    }
  }
  for (const kind of ['mouseover', 'focusin', 'click']) document.addEventListener(kind, name);
  document.addEventListener('focusin', (event) => event.target.matches?.('#overview .thumb') && oneStop());

  return { picked, opened };
})();
