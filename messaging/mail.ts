import nodemailer from 'nodemailer';
import type { AttemptResult, RenderedAction } from '../domain/contracts/action.ts';
import type { NotificationConfig } from '../domain/contracts/rule.ts';
import { ERRORS } from '../domain/errors.ts';

export interface MailerOptions {
  /** smtp:// or smtps:// with user and password; null: mail is off. */
  url: string | null;
  from: string;
  /** For one step of the conversation, milliseconds. */
  timeoutMs?: number;
}

export type MailConfig = Extract<NotificationConfig, { channel: 'email' }>;

export interface Mailer {
  /** Never rejects. The message id is made of the action's, so that a mail box can tell a repeat. */
  send(action: RenderedAction, config: MailConfig): Promise<AttemptResult>;
  /** Idempotent. */
  close(): void;
}

const DEFAULT_SUBJECT = 'Showrunner';
const MAX_SUBJECT_CHARS = 200;
/** One address, with no room for a second one or a display name that a viewer chose. */
const ADDRESS = /^[^\s@<>,;:"()[\]\\]{1,64}@[^\s@<>,;:"()[\]\\]{1,253}$/;

/** Sends e-mail notifications over a small pool of SMTP connections. */
export function createMailer({ url, from, timeoutMs = 10_000 }: MailerOptions): Mailer {
  if (url === null) {
    return {
      send: async () => ({ outcome: 'failed', code: 'feature_off', error: `${ERRORS.feature_off.message} (SMTP_URL)` }),
      close: () => undefined,
    };
  }
  const transport = nodemailer.createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    dnsTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    async send(action, { to, subject, message }) {
      if (!ADDRESS.test(to))
        return { outcome: 'failed', code: 'invalid_config', error: `"${to.slice(0, 200)}" is not one e-mail address.` };
      try {
        const sent = await transport.sendMail({
          from,
          to: { name: '', address: to },
          subject: oneLine(subject ?? DEFAULT_SUBJECT),
          text: message,
          messageId: `<${action.id}@showrunner>`,
          headers: { 'Auto-Submitted': 'auto-generated', 'Idempotency-Key': action.id },
        });
        return { outcome: 'succeeded', response: { body: sent.response } };
      } catch (error) {
        return mailFailure(error);
      }
    },
    close: () => transport.close(),
  };
}

const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim().slice(0, MAX_SUBJECT_CHARS);

/** SMTP: 5xx is for good, 4xx for now (RFC 5321, 4.2.1); a wrong password is for good too. Everything else is the network. */
function mailFailure(error: unknown): AttemptResult {
  const message = error instanceof Error ? error.message : String(error);
  const status = error instanceof Error && 'responseCode' in error && typeof error.responseCode === 'number' ? error.responseCode : null;
  if (status !== null && status >= 500) return { outcome: 'failed', code: 'mail_refused', error: message, response: { status } };
  return { outcome: 'retryable', code: 'mail_unavailable', error: message, ...(status === null ? {} : { response: { status } }) };
}
