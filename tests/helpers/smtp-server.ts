import { createServer, type AddressInfo, type Socket } from 'node:net';

export interface SmtpServer {
  url: string;
  port: number;
  /** Whole messages as they came. */
  messages: string[];
  /** What it says to RCPT TO from now on. */
  recipientAnswer: string;
  /** Idempotent. */
  stop(): Promise<void>;
}

/** As much of RFC 5321 as a client needs to hand a message in. */
export async function startSmtpServer(port = 0): Promise<SmtpServer> {
  const sockets = new Set<Socket>();
  const state: SmtpServer = { url: '', port: 0, messages: [], recipientAnswer: '250 ok', stop: () => Promise.resolve() };
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.setEncoding('utf8');
    socket.write('220 test ESMTP\r\n');
    let data: string | null = null;
    let rest = '';
    socket.on('data', (text: string) => {
      rest += text;
      for (let end = rest.indexOf('\r\n'); end >= 0; end = rest.indexOf('\r\n')) {
        const line = rest.slice(0, end);
        rest = rest.slice(end + 2);
        if (data === null) {
          if (line.toUpperCase() === 'DATA') data = '';
          socket.write(`${replyTo(line.toUpperCase(), state)}\r\n`);
        } else if (line === '.') {
          state.messages.push(data);
          data = null;
          socket.write('250 queued\r\n');
        } else {
          data += `${line}\r\n`;
        }
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  state.port = (server.address() as AddressInfo).port;
  state.url = `smtp://127.0.0.1:${state.port}`;
  state.stop = () => {
    sockets.forEach((socket) => socket.destroy());
    return new Promise((resolve) => server.close(() => resolve()));
  };
  return state;
}

function replyTo(line: string, state: SmtpServer): string {
  if (line.startsWith('EHLO')) return '250 test';
  if (line.startsWith('RCPT TO')) return state.recipientAnswer;
  if (line === 'DATA') return '354 go ahead';
  if (line === 'QUIT') return '221 bye';
  return '250 ok';
}
