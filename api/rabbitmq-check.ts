import { Connection } from 'rabbitmq-client';

export type RabbitState = 'up' | 'down' | 'off';

/** Says whether RabbitMQ takes a connection with the credentials of AMQP_URL; off: there is none. Never rejects. */
export type RabbitCheck = () => Promise<RabbitState>;

const FRESH_MS = 10_000;
const TIMEOUT_MS = 2_000;

/** The API needs no connection of its own: it tries one for the answer, and keeps the answer for a while; who asks meanwhile shares it. */
export function createRabbitCheck(url: string | null, { freshMs = FRESH_MS, timeoutMs = TIMEOUT_MS } = {}): RabbitCheck {
  if (url === null) return () => Promise.resolve('off');
  let until = 0;
  let answer: Promise<RabbitState> | null = null;
  return () => {
    if (!answer || Date.now() >= until) {
      until = Date.now() + freshMs;
      answer = connects(url, timeoutMs).then((ok) => (ok ? 'up' : 'down'));
    }
    return answer;
  };
}

function connects(url: string, timeoutMs: number): Promise<boolean> {
  const connection = new Connection({ url, connectionName: 'showrunner-check', connectionTimeout: timeoutMs, retryLow: 60_000, retryHigh: 60_000 });
  return new Promise((resolve) => {
    const failed = (): void => {
      clearTimeout(timer);
      connection.unsafeDestroy();
      resolve(false);
    };
    const timer = setTimeout(failed, timeoutMs);
    connection.on('error', failed);
    connection.once('connection', () => {
      clearTimeout(timer);
      void connection.close().catch(() => connection.unsafeDestroy());
      resolve(true);
    });
  });
}
