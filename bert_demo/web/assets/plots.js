// Plotly's pictures fit the screen they are on: no two names of an axis lie on each other, and a presentation has big type.
(() => {
  const TYPE = 12;
  const SMALL = 14;
  const BIG = 20; // pixels, in a presentation
  const ROW = 1.05; // of the type: what a row needs
  const MOST = 6; // changes after which a picture stays as it is, until the window changes
  const asked = new WeakMap(); // what the server asked of a layout, by that layout

  const presenting = () => document.body.classList.contains('presenting');

  function original(layout) {
    if (!asked.has(layout)) {
      const axis = (given) => given && given.ticktext && { texts: [...given.ticktext], places: [...given.tickvals], angle: given.tickangle };
      asked.set(layout, { height: layout.height, x: axis(layout.xaxis), y: axis(layout.yaxis), rounds: 0 });
    }
    return asked.get(layout);
  }

  // Every name where there is room for a line of type, upright where that is enough; else every second, third ...
  function ticks(changes, name, axis, given, type) {
    if (!given || !axis || !axis._length) return;
    const room = axis._length / given.places.length;
    const upright = name === 'xaxis' && room < type * 1.2;
    const step = Math.max(1, Math.ceil((type * (upright || name === 'yaxis' ? ROW : 1.2)) / room));
    const kept = (all) => all.filter((_, place) => place % step === 0);
    changes[`${name}.ticktext`] = kept(given.texts);
    changes[`${name}.tickvals`] = kept(given.places);
    if (name === 'xaxis') changes[`${name}.tickangle`] = upright ? -90 : given.angle;
  }

  // In a presentation down to the end of the first screenful, if that is high enough to be read.
  function tall(plot, height) {
    const left = window.innerHeight - plot.getBoundingClientRect().top - window.scrollY - 12;
    return Math.round(Math.max(400, Math.min(height * 1.4, left)));
  }

  // As big as leaves every row its name.
  function rowType(full, given) {
    const room = given.y ? (full.yaxis?._length ?? 0) / given.y.places.length : BIG * 2;
    return Math.max(TYPE - 3, Math.min(BIG, Math.floor(room / ROW)));
  }

  const big = (full, given) => Math.max(SMALL, rowType(full, given));

  const value = (layout, path) => path.split('.').reduce((place, name) => place?.[name], layout);

  // What a picture needs on this screen, by the axes that it has, as changes of its layout.
  function needed(plot, layout, full) {
    const given = original(layout);
    const height = presenting() && given.height ? tall(plot, given.height) : given.height;
    const type = presenting() ? big(full, given) : TYPE;
    const changes = { 'font.size': type };
    if (presenting()) changes.width = Math.floor(plot.parentElement.getBoundingClientRect().width);
    else if (plot.dataset.wide) Object.assign(changes, { width: null, autosize: true });
    plot.dataset.wide = presenting() ? '1' : '';
    if (height) changes.height = height;
    ticks(changes, 'xaxis', full.xaxis, given.x, type);
    const named = presenting() ? rowType(full, given) : type;
    if (given.y && (presenting() || layout.yaxis?.tickfont)) changes['yaxis.tickfont.size'] = named;
    ticks(changes, 'yaxis', full.yaxis, given.y, named);
    return Object.entries(changes).filter(([path, now]) => JSON.stringify(value(layout, path)) !== JSON.stringify(now));
  }

  function dress(plot) {
    const { layout, _fullLayout: full } = plot;
    if (!layout || !full || !window.Plotly || plot.offsetParent === null || original(layout).rounds > MOST) return;
    const news = needed(plot, layout, full);
    if (news.length) original(layout).rounds += 1;
    if (news.length) window.Plotly.relayout(plot, Object.fromEntries(news));
  }

  function put(layout, path, now) {
    const names = path.split('.');
    const last = names.pop();
    const place = names.reduce((part, name) => { part[name] ??= {}; return part[name]; }, layout);
    if (now === null || now === undefined) delete place[last];
    else place[last] = now;
  }

  // A picture that takes another's place is dressed before it is drawn, by the axes of the one before: drawn once, not again
  // for its names and again for its width, which gradio asks plotly to find out.
  function foresee(plot, layout) {
    const { _fullLayout: before } = plot;
    if (!before?.xaxis || plot.offsetParent === null || !layout) return;
    const news = needed(plot, layout, before);
    news.forEach(([path, now]) => put(layout, path, now));
    if (layout.height && !layout.width) layout.width = Math.floor(plot.getBoundingClientRect().width);
    original(layout).wide = true;
  }

  const drawn = new WeakMap(); // what each place was last asked to draw
  function once(Plotly) {
    const { react } = Plotly;
    Plotly.react = (plot, data, layout, config) => {
      const wanted = JSON.stringify([data, layout]);
      if (plot.layout && drawn.get(plot) === wanted) return Promise.resolve(plot); // gradio sends an answer once more
      drawn.set(plot, wanted);
      foresee(plot, layout);
      return react(plot, data, layout, config);
    };
    return Plotly;
  }

  // Plotly comes when a lens needs it, and is used at once.
  let loaded;
  Object.defineProperty(window, 'Plotly', { get: () => loaded, set: (Plotly) => { loaded = once(Plotly); } });

  const dressed = new WeakSet();
  function follow() {
    document.querySelectorAll('.js-plotly-plot').forEach((plot) => {
      if (!plot.on || dressed.has(plot)) return;
      dressed.add(plot);
      plot.on('plotly_afterplot', () => dress(plot));
      dress(plot);
    });
  }

  function again() {
    document.querySelectorAll('.js-plotly-plot').forEach((plot) => {
      if (plot.layout && asked.has(plot.layout)) asked.get(plot.layout).rounds = 0;
      if (plot.layout && asked.get(plot.layout)?.wide) delete plot.layout.width; // its own screen's: it is found out anew
      if (plot.layout && window.Plotly && plot.offsetParent) window.Plotly.Plots.resize(plot).then(() => dress(plot));
    });
  }
  window.addEventListener('resize', () => setTimeout(again, 50));
  function begin() {
    let waiting = 0;
    const later = () => { clearTimeout(waiting); waiting = setTimeout(follow, 60); };
    new MutationObserver(later).observe(document.body, { subtree: true, childList: true });
  }
  if (document.readyState === 'loading') document.addEventListener('DOMContentLoaded', begin);
  else begin();
})();
