// What the page does in the browser alone: its address, light and dark, the selected word.
// Nothing is fetched and nothing is stored but the choice between light and dark.
window.bertDemo = (() => {
  const LONGEST_LINK = 4000;

  let restored = false;

  // Whether the page came with the opening example's answers in it.
  function painted() {
    return document.querySelector('#labels .bar') !== null;
  }

  // Until the page has taken up the address it was opened with, nothing may change it.
  function ready() {
    restored = true;
    return [];
  }

  function address(changes) {
    if (!restored) return;
    const url = new URL(window.location);
    for (const [name, value] of Object.entries(changes)) {
      if (value === null || value === undefined || value === '') url.searchParams.delete(name);
      else url.searchParams.set(name, value);
    }
    window.history.replaceState(null, '', url);
  }

  function remember(text, pair, model) {
    const whole = (text + (pair || '')).replace(/[\uD800-\uDBFF](?![\uDC00-\uDFFF])|(?<![\uD800-\uDBFF])[\uDC00-\uDFFF]/g, '');
    const fits = encodeURIComponent(whole).length < LONGEST_LINK;
    address({ text: fits ? text : null, pair: fits ? pair : null, model, hide: null });
    document.body.classList.toggle('no-link', !fits);
    return [];
  }

  function hidden() {
    const shown = document.querySelector('#words [data-hidden]');
    address({ hide: shown ? shown.dataset.hidden : null });
    return [];
  }

  // The word under the cursor, or the selected words, of the text in the bar; offsets count code points, as Python does.
  function selectedWord() {
    const area = document.querySelector('#text textarea, #text input');
    const text = area.value;
    const start = area.selectionStart;
    const end = area.selectionEnd;
    const points = (part) => [...part].length;
    return { text, start: points(text.slice(0, start)), end: points(text.slice(0, end)) };
  }

  let repeats = [];

  // Progress that was on its way when Stop was pressed may still arrive; until the next click or key it is answered the same.
  function stopped() {
    sayStopped();
    repeats = [300, 900, 2000].map((wait) => setTimeout(sayStopped, wait));
    return [];
  }

  for (const kind of ['click', 'keydown']) document.addEventListener(kind, () => repeats.forEach(clearTimeout), true);

  function sayStopped() {
    document.querySelectorAll('.working').forEach((line) => {
      const again = line.closest('.asked-for') ? 'Press its button' : line.closest('.notice') ? 'Press Analyse' : 'Ask again';
      line.textContent = `Stopped. ${again} to start anew.`;
    });
  }

  function theme(dark) {
    const next = dark === undefined ? !document.body.classList.contains('dark') : dark;
    document.body.classList.toggle('dark', next);
    try { window.localStorage.setItem('bert-demo-dark', next ? '1' : '0'); } catch (error) { /* private window */ }
  }

  document.addEventListener('DOMContentLoaded', () => {
    let kept = null;
    try { kept = window.localStorage.getItem('bert-demo-dark'); } catch (error) { /* private window */ }
    if (kept !== null) setTimeout(() => theme(kept === '1'), 0);
  });

  // Arrow keys walk over the heads of the overview.
  document.addEventListener('keydown', (event) => {
    const here = event.target.closest ? event.target.closest('.overview .thumb') : null;
    const steps = { ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] };
    if (!here || !steps[event.key]) return;
    const [layer, head] = here.dataset.head.split('-').map(Number);
    const next = document.querySelector(
      `.overview .thumb[data-head="${layer + steps[event.key][0]}-${head + steps[event.key][1]}"]`);
    if (next) { event.preventDefault(); next.focus(); next.click(); }
  });

  // A picture made of words, as PNG: boxes and texts as they stand, drawn on a canvas.
  document.addEventListener('click', (event) => {
    const button = event.target.closest ? event.target.closest('[data-png]') : null;
    if (!button) return;
    const picture = button.closest('.panel').querySelector('.sent');
    const frame = picture.getBoundingClientRect();
    const canvas = document.createElement('canvas');
    const scale = Math.min(2, 16000 / Math.max(1, picture.scrollHeight));
    canvas.width = Math.ceil(frame.width * scale);
    canvas.height = Math.ceil(picture.scrollHeight * scale);
    const pen = canvas.getContext('2d');
    pen.scale(scale, scale);
    pen.fillStyle = getComputedStyle(button.closest('.panel')).backgroundColor;
    pen.fillRect(0, 0, frame.width, picture.scrollHeight);
    picture.querySelectorAll('.w').forEach((chip) => {
      const box = chip.getBoundingClientRect();
      const style = getComputedStyle(chip);
      const [x, y] = [box.left - frame.left, box.top - frame.top + picture.scrollTop];
      pen.fillStyle = style.backgroundColor;
      pen.fillRect(x, y, box.width, box.height);
      if (style.borderBottomStyle !== 'none') {
        pen.strokeStyle = style.borderBottomColor;
        pen.lineWidth = 3;
        pen.setLineDash(style.borderBottomStyle === 'dashed' ? [5, 4] : []);
        pen.beginPath();
        pen.moveTo(x, y + box.height - 1.5);
        pen.lineTo(x + box.width, y + box.height - 1.5);
        pen.stroke();
      }
      chip.querySelectorAll('b, i').forEach((line) => {
        const place = line.getBoundingClientRect();
        const font = getComputedStyle(line);
        pen.font = `${font.fontWeight} ${font.fontSize} ${font.fontFamily}`;
        pen.fillStyle = font.color;
        pen.textBaseline = 'middle';
        pen.fillText(line.textContent, place.left - frame.left, place.top - frame.top + picture.scrollTop + place.height / 2);
      });
    });
    const link = document.createElement('a');
    link.download = button.dataset.png || 'attributions.png';
    link.href = canvas.toDataURL('image/png');
    link.click();
  });

  // A plotly picture as PNG or SVG, on the panel's own colour.
  document.addEventListener('click', async (event) => {
    const button = event.target.closest ? event.target.closest('[data-plot]') : null;
    const plot = button && document.querySelector(`#${button.dataset.plot} .js-plotly-plot`);
    if (!plot || !window.Plotly) return;
    const style = getComputedStyle(document.body);
    const colour = (name) => style.getPropertyValue(name).trim();
    const layout = { ...plot.layout, paper_bgcolor: colour('--panel'), font: { ...plot.layout.font, color: colour('--ink') } };
    const kind = button.dataset.kind;
    const link = document.createElement('a');
    link.download = `${button.dataset.name}.${kind}`;
    link.href = await window.Plotly.toImage({ data: plot.data, layout }, { format: kind, width: plot.clientWidth, height: plot.clientHeight, scale: kind === 'png' ? 2 : 1 });
    link.click();
  });

  return { ready, painted, isReady: () => restored, address, remember, hidden, selectedWord, stopped, theme };
})();
