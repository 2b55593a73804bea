// Meaning in context: the plane of all tokens, moved from state to state.
window.bertContexts = (() => {
  // The chosen state: its matrix, and every point at its place there. All states came with the answer.
  function show(number) {
    document.querySelectorAll('#contexts [data-state]').forEach((part) => { part.hidden = Number(part.dataset.state) !== number; });
    const plot = document.querySelector('#plane .js-plotly-plot');
    const points = plot && plot.layout && plot.layout.meta;
    if (!points || !points.x || !points.x[number] || !window.Plotly) return false;
    const titles = { 'xaxis.title.text': points.titles[number][0], 'yaxis.title.text': points.titles[number][1] };
    window.Plotly.update(plot, { x: points.x[number], y: points.y[number] }, titles);
    return true;
  }

  // A picture that was away and is drawn anew begins at the last state; it is put where the slider stands.
  function again() {
    const slider = document.querySelector('#context-state input[type="number"]');
    let left = 20;
    const wait = setInterval(() => {
      left -= 1;
      const there = document.querySelector('#plane .js-plotly-plot');
      const number = slider && slider.isConnected ? slider : document.querySelector('#context-state input[type="number"]');
      if ((there && number && show(Number(number.value))) || left < 0) clearInterval(wait);
    }, 100);
    return [];
  }

  return { show: (number) => { show(number); return []; }, again };
})();
