// Back and Forward of the browser ask the question before and the next one; each question is an entry of its history.
window.bertDemo.past = (() => {
  let now = ''; // the question of the entry that is open
  let address = ''; // with what belongs to no question: the open lens, its head ...

  // The page has taken up its address.
  function ready(question) {
    window.history.replaceState(question, '');
    isNew(question);
  }

  // Whether a question is another than that of the entry.
  function isNew(question) {
    const before = now;
    now = JSON.stringify(question);
    return now !== before;
  }

  function kept(url) { address = String(url); }

  window.addEventListener('popstate', ({ state }) => {
    if (address) window.history.replaceState(state, '', address);
    if (state && isNew(state)) window.bertDemo.examples.again(state);
  });

  return { ready, isNew, kept };
})();
