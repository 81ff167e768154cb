import { randomUUID } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Server } from 'socket.io';

/** Socket.IO and nothing else: joins rooms, hands messages on, keeps none. Says its URL to who started it, and ends with them. */
const server = createServer();
const io = new Server(server);
let position = 0;

io.on('connection', (socket) => {
  socket.on('join', ({ stream_id }: { stream_id: string }, ack: (answer: object) => void) => {
    void socket.join(stream_id);
    ack({ ok: true });
  });
  socket.on('chat_message', ({ stream_id, message }: { stream_id: string; message: string }, ack: (answer: object) => void) => {
    const sent = { id: randomUUID(), stream_id, position: (position += 1), user_id: socket.id, user_name: 'Bench', message, reply_to: null, timestamp: new Date().toISOString(), deleted: false };
    io.to(stream_id).emit('chat_message', sent);
    ack({ ok: true, message: sent });
  });
});
server.listen(0, '127.0.0.1', () => process.send?.({ ready: true, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }));
process.on('disconnect', () => process.exit());
