// The rows of a visitor: a file that the browser reads, or what is pasted, and the choices of how they are read. The file is
// kept here and sent with each event that reads it, packed; nothing of it stays on the server.
window.bertRows = (() => {
  const SAME = { __type__: 'update' };
  const PAUSE = 500; // milliseconds without a key after which pasted rows are read
  const MOST_SENT = 900000; // letters of a file in a request
  const SHAPE = ['encoding', 'delimiter', 'quoting', 'header', 'sheet']; // what decides which columns there are
  const COLUMNS = ['text', 'pair', 'label'];
  let most = 0; // bytes of a file
  let example = null; // what the field held at first
  const senders = {};
  let file = null; // name, data in base64, packed
  let choices = {};
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

  function bring(next, rows) {
    [file, choices, pasted] = [next, {}, rows];
    say('');
    changed();
  }

  const asUrl = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

  async function open(blob) {
    if (blob.size > most) {
      say(`${blob.name} has ${blob.size.toLocaleString('en')} bytes; the limit is ${most.toLocaleString('en')}. Bring fewer rows.`);
      return;
    }
    try {
      const packed = 'CompressionStream' in window;
      const content = packed ? await new Response(blob.stream().pipeThrough(new CompressionStream('gzip'))).blob() : blob;
      const data = (await asUrl(content)).split(',')[1] ?? '';
      if (data.length > MOST_SENT) say(`${blob.name} is too large to be sent, even packed. Bring fewer rows.`);
      else bring({ name: blob.name, data, packed }, '');
    } catch {
      say(`${blob.name} cannot be read by the browser. Open it again.`);
    }
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

  function take() {
    choices.mapping = touched('mapping').filter((list) => list.value).map((list) => [list.dataset.label, list.value]);
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
      [file, choices, pasted] = [null, {}, null];
      clearTimeout(timer);
      timer = setTimeout(changed, PAUSE);
    });
    sheet.addEventListener('change', (event) => event.target.dataset.choice && chosen(event.target));
    sheet.addEventListener('click', (event) => {
      const button = event.target.closest('button');
      if (!button) return;
      if (button.dataset.exampleRows !== undefined) bring(null, example);
      if (button.dataset.take !== undefined) { take(); changed(); }
      if (button.dataset.found !== undefined) { choices = {}; changed(); }
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

  return { sends, connect, kept };
})();
