// The rows of a visitor: a file that the browser reads, or what is pasted, and the choices of how they are read. The file is
// kept here and sent with each event that reads it, packed; nothing of it stays on the server. A lens has rows of its own:
// window.bertRows.of(its name).
window.bertRows ??= (() => {
  const SAME = { __type__: 'update' };
  const PAUSE = 500; // milliseconds without a key after which pasted rows are read
  const MOST_SENT = 900000; // letters of a file in a request
  const LONGEST_LINK = 2000; // letters of what labels mean, in the address
  const SHAPE = ['encoding', 'delimiter', 'quoting', 'header', 'sheet']; // what decides which columns there are
  const COLUMNS = ['text', 'pair', 'label'];
  let turn = 0; // of the model

  const asUrl = (blob) => new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result);
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(blob);
  });

  function rowsOf(lens) {
    let most = 0; // bytes of a file
    let example = null; // what the field held at first
    const senders = {};
    let sheet = null;
    let file = null; // name, data in base64, packed
    let choices = {};
    const links = lens === 'evaluate'; // what labels mean stands in the address
    let linked = links ? [...new URLSearchParams(new URL(window.location).searchParams.get('labels') || '')] : [];
    let other = null; // a second file
    let pasted = null; // what the field is to hold
    let wanted = ''; // the set that was clicked
    let timer = 0;
    let model = -1; // the turn of the model for which the rows were read

    function say(sentence) { sheet.querySelector('.rows-said').textContent = sentence; }

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

    const touched = (name) => [...sheet.querySelectorAll(`.understood [data-choice="${name}"]`)];

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
      if (!links) return;
      linked = pairs;
      const written = new URLSearchParams(pairs).toString();
      window.bertDemo.address({ labels: written.length < LONGEST_LINK ? written : null });
    }

    // What was said of labels that are not asked about any more stays.
    function take() {
      const lists = touched('mapping');
      const others = (choices.mapping ?? []).filter(([label]) => !lists.some((list) => list.dataset.label === label));
      choices.mapping = [...others, ...lists.filter((list) => list.value).map((list) => [list.dataset.label, list.value])];
      link(choices.mapping);
    }

    // The place of the buttons. Rows are read for the first time when it is there; an empty field takes the first set.
    function connect(element) {
      most = Number(element.querySelector('[data-most]').dataset.most);
      sheet = element.closest('.sheet');
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
        if (!event.target.matches('.pasted-rows textarea')) return;
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
        if (button.dataset.set !== undefined) { wanted = button.dataset.set; senders.set(); }
      });
      model = turn;
      const first = element.querySelector('[data-set]');
      if (first && sheet.querySelector('.pasted-rows textarea')?.value === '') {
        wanted = first.dataset.set;
        senders.set();
      } else senders.read();
    }

    // What the field, the file and the choices are to be. now: what the field holds.
    function kept(now) {
      example ??= now;
      const rows = pasted === null ? SAME : pasted;
      pasted = null;
      return [rows, file, choices];
    }

    // The rows of the set that was clicked are in the field.
    function brought() {
      bring(null, null);
      return [];
    }

    // Another model has other labels.
    document.addEventListener('lens', (event) => {
      if (event.detail.name !== lens || model === event.detail.model || model < 0) return;
      model = event.detail.model;
      senders.read();
    });

    return { sends, connect, kept, brought, besides, wanted: () => wanted, other: () => other };
  }

  document.addEventListener('lens', (event) => { turn = event.detail.model; });

  const made = {};
  return { of: (lens) => made[lens] ??= rowsOf(lens) };
})();
