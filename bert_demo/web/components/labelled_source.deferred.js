// The rows of a visitor: a file that the browser reads, or what is pasted, and the choices of how they are read. The file is
// kept here and sent with each event that reads it, packed; nothing of it stays on the server.
window.bertRows = (() => {
  const SAME = { __type__: 'update' };
  const PAUSE = 500; // milliseconds without a key after which pasted rows are read
  const MOST_SENT = 900000; // letters of a file in a request
  const LONGEST_LINK = 2000; // letters of what labels mean, in the address
  const SHAPE = ['encoding', 'delimiter', 'quoting', 'header', 'sheet']; // what decides which columns there are
  const COLUMNS = ['text', 'pair', 'label'];
  let most = 0; // bytes of a file
  let example = null; // what the field held at first
  const senders = {};
  let file = null; // name, data in base64, packed
  let choices = {};
  let linked = [...new URLSearchParams(new URL(window.location).searchParams.get('labels') || '')]; // what labels mean, as the link says
  let other = null; // a second file
  let pasted = null; // what the field is to hold
  let timer = 0;
  let model = -1; // the turn of the model for which the rows were read
  let turn = 0;

  const find = (selector) => document.querySelector(selector);

  function say(sentence) { find('.rows-said').textContent = sentence; }

  // What sends the event of that name.
  function sends(name, sender) { senders[name] = sender; }

  function changed() {
    clearTimeout(timer);
    senders.read();
    senders.changed();
  }

  // What a link says of labels holds for rows of the visitor's own.
  const begun = () => (linked.length ? { mapping: linked } : {});

  function bring(next, rows) {
    [file, choices, pasted] = [next, next ? begun() : {}, rows];
    say('');
    changed();
  }

  const asUrl = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

  // A file as it is sent: its name and its bytes, packed where the browser can; null where it cannot be, and tell says why.
  async function packed(blob, tell) {
    if (blob.size > most) {
      tell(`${blob.name} has ${blob.size.toLocaleString('en')} bytes; the limit is ${most.toLocaleString('en')}. Bring fewer rows.`);
      return null;
    }
    try {
      const packs = 'CompressionStream' in window;
      const content = packs ? await new Response(blob.stream().pipeThrough(new CompressionStream('gzip'))).blob() : blob;
      const data = (await asUrl(content)).split(',')[1] ?? '';
      if (data.length <= MOST_SENT) return { name: blob.name, data, packed: packs };
      tell(`${blob.name} is too large to be sent, even packed. Bring fewer rows.`);
    } catch {
      tell(`${blob.name} cannot be read by the browser. Open it again.`);
    }
    return null;
  }

  async function open(blob) {
    const read = await packed(blob, say);
    if (read) bring(read, '');
  }

  // A second file, whose texts are held against the rows. send: says that it is another one.
  function besides(element, send) {
    element.addEventListener('change', async (event) => {
      const [blob] = event.target.files ?? [];
      if (!blob) return;
      const place = element.querySelector('[role="status"]');
      other = await packed(blob, (sentence) => { place.textContent = sentence; });
      if (other) place.textContent = other.name;
      event.target.value = '';
      send();
    });
  }

  const touched = (name) => [...document.querySelectorAll(`#understood [data-choice="${name}"]`)];

  function chosen(element) {
    const name = element.dataset.choice;
    if (name === 'mapping') take();
    else choices[name] = name === 'skip' ? element.checked : element.value;
    if (COLUMNS.includes(name)) {
      for (const each of COLUMNS) touched(each).forEach((list) => { choices[each] = list.value; });
      for (const each of ['mapping', 'skip']) delete choices[each];
    }
    if (SHAPE.includes(name)) for (const each of [...COLUMNS, 'mapping', 'skip']) delete choices[each];
    changed();
  }

  // The address says what labels mean, so that a link brings it along.
  function link(pairs) {
    linked = pairs;
    const written = new URLSearchParams(pairs).toString();
    window.bertDemo.address({ labels: written.length < LONGEST_LINK ? written : null });
  }

  function take() {
    choices.mapping = touched('mapping').filter((list) => list.value).map((list) => [list.dataset.label, list.value]);
    link(choices.mapping);
  }

  // The place of the buttons. Rows are read for the first time when it is there.
  function connect(element) {
    most = Number(element.querySelector('[data-most]').dataset.most);
    const sheet = element.closest('.sheet');
    element.addEventListener('change', (event) => {
      const [blob] = event.target.files ?? [];
      if (blob) open(blob);
      event.target.value = ''; // the same file can be opened again
    });
    sheet.addEventListener('dragover', (event) => event.preventDefault());
    sheet.addEventListener('drop', (event) => {
      event.preventDefault();
      if (event.dataTransfer.files.length) open(event.dataTransfer.files[0]);
    });
    sheet.addEventListener('input', (event) => {
      if (!event.target.matches('#evaluated-rows textarea')) return;
      [file, choices, pasted] = [null, begun(), null];
      clearTimeout(timer);
      timer = setTimeout(changed, PAUSE);
    });
    sheet.addEventListener('change', (event) => event.target.dataset.choice && chosen(event.target));
    sheet.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      if (button.dataset.exampleRows !== undefined) bring(null, example);
      if (button.dataset.take !== undefined) { take(); changed(); }
      if (button.dataset.found !== undefined) { choices = {}; link([]); changed(); }
    });
    model = turn;
    senders.read();
  }

  // What the field, the file and the choices are to be. now: what the field holds.
  function kept(now) {
    example ??= now;
    const rows = pasted === null ? SAME : pasted;
    pasted = null;
    return [rows, file, choices];
  }

  // Another model has other labels.
  document.addEventListener('lens', (event) => {
    turn = event.detail.model;
    if (event.detail.name !== 'evaluate' || model === turn || model < 0) return;
    model = turn;
    senders.read();
  });

  return { sends, connect, kept, besides, other: () => other };
})();
