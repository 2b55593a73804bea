// Files of what a panel shows: its [data-file] buttons ask the server, which makes them, and the browser keeps what comes.
window.bertDownloads = (() => {
  const lenses = new Map();
  let wanted = {};
  let last = '';

  // ask: asks the server, for the buttons inside the lens of that id.
  function listen(lens, ask) { lenses.set(lens, ask); }

  document.addEventListener('click', (event) => {
    const button = event.target.closest?.('[data-file]');
    const lens = button && [...lenses.keys()].find((id) => button.closest(`#${id}`));
    if (!lens) return;
    const words = window.bertArcs ? window.bertArcs.words() : [];
    wanted = { ...JSON.parse(button.dataset.file), dark: document.body.classList.contains('dark'), words };
    lenses.get(lens)();
  });

  // A file has an address of its own: one that is there already was kept before, and the new one could not be made. What
  // has no address yet is no file: it is heard of again when it has one.
  function keep(file) {
    if (!file?.url || file.url === last) return [];
    last = file.url;
    Object.assign(document.createElement('a'), { download: file.orig_name, href: file.url }).click();
    return [];
  }

  return { listen, request: () => wanted, keep };
})();
