// Gradio's client cannot end an event whose place in the queue it has not been told yet: it asks the server to cancel
// nothing (status 422), and the computation goes on. Here such a request, if Stop made it, waits for the place and then
// ends that event. A new text ends what was asked before it, not what is on its way: that will read the new text.
// And every event says how many the page had sent before it: two that leave one after the other may arrive the other
// way round, and the answer to the older would then stay.
(() => {
  const KEPT = 1000; // milliseconds for which an answered join is remembered, until the client has read the answer
  const STOPPING = 1000; // milliseconds after Stop in which the requests come that it makes
  let stopped = -Infinity;
  const joins = [];
  const ended = [];
  let turn = 0;
  const send = window.fetch.bind(window);
  const nothing = () => new Response('{"success": true}', { headers: { 'Content-Type': 'application/json' } });

  function join(request, body) {
    const entry = { function: body.fn_index, session: body.session_hash, told: false };
    entry.event = request.then((answer) => answer.clone().json()).then((told) => told.event_id, () => null);
    joins.push(entry);
    entry.event.then(() => {
      entry.told = true;
      setTimeout(() => forget(entry), KEPT);
    });
    return request;
  }

  function counted(options) {
    turn += 1;
    const headers = new Headers(options.headers);
    headers.set('X-Turn', String(turn));
    return { ...options, headers };
  }

  function forget(entry) {
    if (joins.includes(entry)) joins.splice(joins.indexOf(entry), 1);
  }

  async function cancel(address, options, body) {
    const same = joins.filter((each) => each.function === body.fn_index && each.session === body.session_hash);
    const entry = performance.now() - stopped < STOPPING ? same.find((each) => !each.told) || same.pop() : null;
    if (entry) forget(entry);
    const event = entry ? await entry.event : null;
    ended.push(event);
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
    const place = /\/gradio_api\/(queue\/join|cancel|reset)(?:\?|$)/.exec(String(address));
    if (!place || !options || typeof options.body !== 'string') return send(address, options);
    const body = JSON.parse(options.body);
    if (place[1] === 'queue/join') return join(send(address, counted(options)), body);
    if (body.event_id) return send(address, options);
    return place[1] === 'cancel' ? cancel(address, options, body) : reset(address, options);
  };
})();
