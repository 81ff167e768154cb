import { pino, type Logger } from 'pino';

/** Whatever an object of the log is called, what stands under these names is never written. */
export const REDACTED_PATHS: string[] = ['password', 'password_hash', 'access_token', 'token', 'authorization', 'cookie', 'session_cookie', 'secret', 'webhook_secret', 'api_key', 'x-api-key'].flatMap(
  (name) => [name.includes('-') ? `["${name}"]` : name, name.includes('-') ? `*["${name}"]` : `*.${name}`, name.includes('-') ? `*.*["${name}"]` : `*.*.${name}`],
);

/** The structured log of a process: JSON lines on standard output, secrets taken out. */
export function createLogger(level: string, process: string): Logger {
  return pino({ level, base: { process }, redact: { paths: REDACTED_PATHS, censor: '[redacted]' } });
}
