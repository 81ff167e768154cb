import { credentials, faultOf } from '/pages/shared/api.js';
import { pause } from '/pages/shared/pause.js';

const AGAIN_MS = 2_000;

/**
 * Follows server-sent events until `signal` ends it, and goes on where it stood when the connection breaks. By fetch
 * and not EventSource, whose token would have to stand in the address.
 * @returns when the server says that it is over, or refuses
 */
export async function follow(path, take, signal) {
  const place = { id: '' };
  while (!signal.aborted) {
    const over = await readOnce(path, place, take, signal).catch(() => false);
    if (over) return;
    await pause(AGAIN_MS, signal);
  }
}

/** @returns true where it makes no sense to come again */
async function readOnce(path, place, take, signal) {
  const headers = { Accept: 'text/event-stream', ...credentials(), ...(place.id === '' ? {} : { 'Last-Event-ID': place.id }) };
  const response = await fetch(path, { headers, signal, cache: 'no-store' });
  if (!response.ok) {
    faultOf(response.status, await response.text());
    return response.status < 500 && response.status !== 429;
  }
  if (response.status === 204) return true;
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = '';
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return false;
    rest += value;
    const blocks = rest.split('\n\n');
    rest = blocks.pop();
    for (const block of blocks) if (takeBlock(block, place, take) === false) return true;
  }
}

function takeBlock(block, place, take) {
  let event = 'message';
  const data = [];
  for (const line of block.split('\n')) {
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'id') place.id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  return data.length === 0 ? true : take(event, JSON.parse(data.join('\n')));
}
