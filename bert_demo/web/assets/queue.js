// Gradio's client cannot end an event whose place in the queue it has not been told yet: it asks the server to cancel
// nothing (status 422), and the computation goes on. Here such a request, if Stop made it, waits for the place and then
// ends that event. A new text ends what was asked before it, not what is on its way: that will read the new text.
// And every event says how many the page had sent before it: two that leave one after the other may arrive the other
// way round, and the answer to the older would then stay.
// The stream of answers is mended in two places (client of gradio 6.31.0, read in its `submit` and `open_stream`). An
// event that is sent after the server has ended the stream, but before the client has read that, was never answered:
// the client opens no other; here the stream goes on. And the client shows what it has kept for an event that it did
// not know yet at once, before older messages whose timers have not run; here a message waits until its event is known.
(() => {
  const KEPT = 1000; // milliseconds for which an answered join is remembered, until the client has read the answer
  const STOPPING = 1000; // milliseconds after Stop in which the requests come that it makes
  let stopped = -Infinity;
  const joins = [];
  const ended = [];
  const open = new Set(); // events that the client knows and that are not complete
  const arrived = new EventTarget();
  let turn = 0;
  const send = window.fetch.bind(window);
  const nothing = () => new Response('{"success": true}', { headers: { 'Content-Type': 'application/json' } });

  function join(request, body) {
    const entry = { function: body.fn_index, session: body.session_hash, told: false };
    entry.event = request.then((answer) => answer.clone().json()).then((told) => told.event_id, () => null);
    joins.push(entry);
    entry.event.then((event) => setTimeout(() => { // the client reads the same answer before the timer runs
      entry.told = true;
      if (event && !entry.forgotten) open.add(event);
      arrived.dispatchEvent(new Event('told'));
      setTimeout(() => forget(entry), KEPT);
    }));
    return request;
  }

  async function waitUntil(condition) {
    while (!condition()) await new Promise((resolve) => arrived.addEventListener('told', resolve, { once: true }));
  }

  const allTold = () => joins.every((each) => each.told);

  async function* blocks(body) {
    let rest = '';
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    for (let part = await reader.read(); !part.done; part = await reader.read()) {
      const parts = (rest + part.value).split('\n\n');
      rest = parts.pop();
      yield* parts;
    }
  }

  // Hands on one stream of the server. Whether another has to follow it: events were sent that it did not answer.
  async function handOn(answer, write) {
    for await (const block of blocks(answer.body)) {
      const message = block.startsWith('data:') ? JSON.parse(block.slice(5)) : {};
      const id = message.event_id;
      if (id) await waitUntil(() => open.has(id) || allTold());
      if (message.msg === 'process_completed') open.delete(id);
      if (message.msg === 'close_stream') {
        await waitUntil(allTold);
        if (open.size) return true;
      }
      write(`${block}\n\n`);
    }
    return false;
  }

  async function messages(request) {
    const first = await send(request.clone());
    if (!first.ok) return first;
    const encoder = new TextEncoder();
    const body = new ReadableStream({
      async start(controller) {
        try {
          let answer = first;
          while (await handOn(answer, (text) => controller.enqueue(encoder.encode(text)))) {
            answer = await send(request.clone());
          }
          controller.close();
        } catch (error) {
          controller.error(error);
        }
      },
    });
    return new Response(body, { status: first.status, headers: first.headers });
  }

  function counted(options) {
    turn += 1;
    const headers = new Headers(options.headers);
    headers.set('X-Turn', String(turn));
    return { ...options, headers };
  }

  function forget(entry) {
    entry.forgotten = true;
    if (joins.includes(entry)) joins.splice(joins.indexOf(entry), 1);
  }

  async function cancel(address, options, body) {
    const same = joins.filter((each) => each.function === body.fn_index && each.session === body.session_hash);
    const entry = performance.now() - stopped < STOPPING ? same.find((each) => !each.told) || same.pop() : null;
    if (entry) forget(entry);
    const event = entry ? await entry.event : null;
    ended.push(event);
    open.delete(event);
    return event ? send(address, { ...options, body: JSON.stringify({ ...body, event_id: event }) }) : nothing();
  }

  function reset(address, options) {
    const event = ended.shift();
    return event ? send(address, { ...options, body: JSON.stringify({ event_id: event }) }) : Promise.resolve(nothing());
  }

  document.addEventListener('click', (event) => {
    if (event.target.closest?.('#stop')) stopped = performance.now();
  }, true);

  window.fetch = (address, options) => {
    if (address instanceof Request && address.url.includes('/gradio_api/queue/data?')) return messages(address);
    const place = /\/gradio_api\/(queue\/join|cancel|reset)(?:\?|$)/.exec(String(address));
    if (!place || !options || typeof options.body !== 'string') return send(address, options);
    const body = JSON.parse(options.body);
    if (place[1] === 'queue/join') return join(send(address, counted(options)), body);
    if (body.event_id) {
      open.delete(body.event_id);
      return send(address, options);
    }
    return place[1] === 'cancel' ? cancel(address, options, body) : reset(address, options);
  };
})();
