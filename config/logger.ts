import { pino, type DestinationStream, type Logger } from 'pino';
import type { Env } from './env.ts';

/** Names under which a secret travels, at any of the depths below: what is logged by mistake is still not written. */
const SECRET_NAMES = [
  'password',
  'password_hash',
  'token',
  'access_token',
  'authorization',
  'Authorization',
  'cookie',
  'session_cookie',
  'secret',
  'webhook_secret',
  'api_key',
  'apiKey',
  'jwtSecret',
  'JWT_SECRET',
  'TOKEN_ENCRYPTION_KEY',
  'SIGN_API_KEY',
  'TEMPORAL_API_KEY',
  'MQTT_PASSWORD',
  'DATABASE_URL',
  'SMTP_URL',
];
const DEPTHS = ['', '*.', '*.*.', '*.*.*.'];

/** JSON lines to standard output. @param name which process: api, worker, … */
export function createLogger({ LOG_LEVEL }: Pick<Env, 'LOG_LEVEL'>, name: string, destination?: DestinationStream): Logger {
  const options = {
    name,
    level: LOG_LEVEL,
    base: { name, pid: process.pid },
    redact: { paths: SECRET_NAMES.flatMap((secret) => DEPTHS.map((depth) => `${depth}${secret}`)), censor: '[redacted]' },
  };
  return destination ? pino(options, destination) : pino(options);
}
