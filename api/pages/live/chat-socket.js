import { io } from '/pages/vendor/socket.io.mjs';
import { session } from '../shared/session.js';

const ACK_MS = 10_000;
/** Pages of messages that a join after a long break fetches; who was away for longer goes on with what is new. */
const CATCH_UPS = 5;
const NO_TOKEN = new Set(['unauthenticated', 'token_expired']);

/**
 * The chat of one stream over Socket.IO, for who is signed in: joins, joins again after a break, and says what happened.
 * @param on handlers by event of the server, beside `joined` (the answer of join), `away` (the line broke), `refused` (an Error with the
 *   server's words) and `signedOut` (the token is no good any more)
 */
export function openChatSocket({ streamId, playToken, on }) {
  const socket = io({ auth: (send) => send({ token: session.token }), transports: ['websocket', 'polling'], reconnectionDelay: 500, reconnectionDelayMax: 8_000 });
  let lastPosition = null;

  const ask = async (event, input) => {
    let answer;
    try {
      answer = await socket.timeout(ACK_MS).emitWithAck(event, { stream_id: streamId, ...input });
    } catch {
      throw new Error('The chat does not answer: try again.');
    }
    if (!answer.ok) throw Object.assign(new Error(answer.message), { code: answer.code, retryAfterMs: answer.retry_after_ms });
    return answer;
  };
  const join = async () => {
    // Its own: what comes live meanwhile moves the other one over what is still to be fetched.
    let after = lastPosition;
    try {
      for (let left = CATCH_UPS, more = true; more && left > 0; left -= 1) {
        const answer = await ask('join', { ...(playToken ? { token: playToken } : {}), ...(after === null ? {} : { after }) });
        for (const message of answer.messages) seen(message);
        after = answer.messages.at(-1)?.position ?? after;
        on.joined(answer);
        ({ more } = answer);
      }
    } catch (error) {
      refuse(error);
    }
  };
  const seen = ({ position }) => (lastPosition = Math.max(lastPosition ?? 0, position));
  const refuse = (error) => {
    socket.close();
    if (NO_TOKEN.has(error.code)) on.signedOut();
    else on.refused(error);
  };

  socket.on('connect', join);
  socket.on('disconnect', () => on.away());
  socket.on('connect_error', (error) => {
    // A refusal has the code of the API's table; Socket.IO does not try again by itself then.
    if (socket.active) on.away();
    else refuse(Object.assign(new Error(error.message), { code: error.data?.code }));
  });
  socket.on('closing', (told) => {
    // Where the server restarts, the client comes again by itself only if it is told to.
    if (told.reconnect) socket.once('disconnect', () => socket.connect());
    else refuse(Object.assign(new Error(told.message), { code: told.code }));
  });
  socket.on('closed', ({ stream_id, code }) => stream_id === streamId && refuse(Object.assign(new Error('This chat is closed for you.'), { code })));
  socket.on('position', ({ stream_id, position }) => stream_id === streamId && position > (lastPosition ?? 0) && void join());
  for (const [event, handler] of Object.entries(on.told)) {
    socket.on(event, (told) => {
      if (told.stream_id && told.stream_id !== streamId) return;
      if (event === 'chat_message') seen(told);
      handler(told);
    });
  }
  return { ask, tell: (event) => socket.volatile.emit(event, { stream_id: streamId }), close: () => socket.close() };
}
