// A plotly picture as PNG or SVG, on the panel's own colour and with its ink: plotly itself makes the file.
document.addEventListener('click', async (event) => {
  const button = event.target.closest?.('[data-plot]');
  const plot = button && document.querySelector(`#${button.dataset.plot} .js-plotly-plot`);
  if (!plot || !window.Plotly) return;
  const style = getComputedStyle(document.body);
  const colour = (name) => style.getPropertyValue(name).trim();
  const { data, layout: { font, ...layout }, clientWidth: width, clientHeight: height } = plot;
  const ink = { color: colour('--ink') };
  const coloured = { ...layout, paper_bgcolor: colour('--panel'), font: { ...font, ...ink } };
  const inked = data.map((trace) => (trace.textfont ? { ...trace, textfont: { ...trace.textfont, ...ink } } : trace));
  const { kind: format, name: filename } = button.dataset;
  await window.Plotly.downloadImage({ data: inked, layout: coloured }, { format, filename, width, height, scale: format === 'png' ? 2 : 1 });
});
