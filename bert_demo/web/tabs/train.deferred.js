// The models that a visitor trains: their tokens lie in this browser alone, so that a job is found again after the page was
// loaded anew; the server is asked how they are, and keeps no list of whose they are.
window.bertTrain = (() => {
  const SAME = { __type__: 'update' };
  const KEPT = 'bert-demo-train';
  const MOST = 6; // jobs that are asked after
  const SOON = 1000; // milliseconds between two questions while one learns and is seen
  const LATER = 5000; // while one learns and another lens is open
  const LOST = 20000; // after which a question whose answer never came is asked again
  const DRAWN = 60; // after which what came is on the page
  const senders = {};
  let jobs = []; // tokens, the newest first
  let token = ''; // of the job that is shown
  let action = '';
  let timer = 0;
  let wanted = ''; // the model that was clicked
  let lens = 'classify';
  let unsettled = false;

  const find = (selector) => document.querySelector(selector);
  const live = () => find('#train-live [data-mark]');
  const compared = () => find('#train-compared [data-mark]');
  const state = () => (live()?.dataset.token === token ? live().dataset.state : '');
  const seen = () => window.bertDemo.questions.open() === 'train' && !document.hidden;

  function sends(name, sender) { senders[name] = sender; }

  function read() {
    try {
      const found = JSON.parse(window.localStorage.getItem(KEPT) ?? '{}');
      jobs = (found.jobs ?? []).filter((each) => typeof each === 'string').slice(0, MOST);
      token = jobs.includes(found.token) ? found.token : (jobs[0] ?? '');
    } catch { /* private window, or something else was kept */ }
  }

  function keep() {
    try { window.localStorage.setItem(KEPT, JSON.stringify({ jobs, token })); } catch { /* private window */ }
  }

  // What is sent with each question: the jobs, and the marks of what is shown of them.
  function sent() {
    const done = compared()?.dataset;
    const given = { token, tokens: jobs, live: live()?.dataset.mark ?? '', compared: done?.mark ?? '', models: done?.models ?? '', action };
    action = '';
    return given;
  }

  function ask() {
    clearTimeout(timer);
    if (!jobs.length) return;
    timer = setTimeout(ask, LOST);
    senders.poll();
  }

  // An answer came: the next question waits while something learns.
  function came() {
    setTimeout(() => {
      fit();
      clearTimeout(timer);
      if (jobs.length && (!compared() || compared().dataset.busy)) timer = setTimeout(ask, seen() ? SOON : LATER);
    }, DRAWN);
    return [];
  }

  // Jobs that are gone are forgotten.
  function forget() {
    const gone = JSON.parse(compared()?.dataset.gone ?? '[]');
    if (!jobs.some((each) => gone.includes(each))) return;
    jobs = jobs.filter((each) => !gone.includes(each));
    keep();
  }

  // Buttons that fit the state, and the lenses in which a model can be used.
  function fit() {
    const now = state();
    const place = find('.train-buttons');
    place.hidden = !now;
    for (const button of place.querySelectorAll('[data-for]')) button.hidden = !button.dataset.for.split(' ').includes(now);
    const select = find('#train-ended [data-train-lens]');
    if (!select || select.options.length) return;
    for (const tab of document.querySelectorAll('#lenses [role="tab"]')) {
      if (tab.dataset.tabId !== 'train') select.add(new Option(tab.textContent.trim(), tab.dataset.tabId));
    }
    select.value = lens;
  }

  function show(other) {
    token = other;
    keep();
    senders.keep();
    ask();
  }

  // A job has begun: its token stands in the element.
  function starts(element, watch) {
    watch('value', () => {
      const begun = element.querySelector('[data-train-token]')?.dataset.trainToken;
      const more = element.querySelector('[data-train-token]')?.dataset.trainMore;
      const fresh = (begun ?? '').split(' ').filter((each) => each && !jobs.includes(each));
      if (!fresh.length) return;
      jobs = [...fresh.reverse(), ...jobs].slice(0, MOST);
      show(more ? token : fresh[0]); // more seeds are drawn beside the one that is shown
    });
  }

  function act(what) {
    action = what;
    senders[['seeds', 'shares'].includes(what) ? 'more' : 'act']();
  }

  function clicked(event) {
    const button = event.target.closest?.('button');
    if (!button) return;
    const { trainAct, trainOpen, trainUse } = button.dataset;
    if (trainAct) act(trainAct);
    if (trainOpen) show(trainOpen);
    if (trainUse) {
      wanted = trainUse;
      senders.use();
    }
    if (button.id === 'stop' && seen() && state() === 'running' && !find('#notice-train .working')) act('stop');
  }

  // Jobs are asked after when their places are there.
  function connect() {
    read();
    document.addEventListener('click', clicked);
    document.addEventListener('change', (event) => {
      if (event.target.matches('[data-train-lens]')) lens = event.target.value;
    });
    document.addEventListener('visibilitychange', () => !document.hidden && ask());
    document.addEventListener('lens', (event) => event.detail.name === 'train' && ask());
    new MutationObserver(fit).observe(find('#train-ended'), { childList: true, subtree: true });
    new MutationObserver(forget).observe(find('#train-compared'), { childList: true, subtree: true });
    if (jobs.length) senders.keep();
    ask();
  }

  // The bar with the model that was clicked, in the lens that was chosen.
  function use(text, pair, model, asked) {
    find(`#lenses [role="tab"][data-tab-id="${lens}"]`)?.click();
    window.scrollTo(0, 0);
    unsettled = window.bertDemo.questions.unsettled(text, asked);
    return unsettled ? [wanted, SAME, SAME] : [wanted, window.bertDemo.questions.next(text, pair, wanted, asked), []];
  }

  // Behind Chinese signs the server says which model answers.
  function settle() {
    if (unsettled) window.bertDemo.questions.settle('settle');
    return [];
  }

  return { sends, connect, starts, sent, came, use, settle };
})();
