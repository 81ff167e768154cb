import { afterEach, describe, expect, test } from '@jest/globals';
import { createMailer, type MailConfig } from '../../messaging/mail.ts';
import { renderedAction } from '../helpers/rendered.ts';
import { startSmtpServer, type SmtpServer } from '../helpers/smtp-server.ts';

const opened: (() => unknown)[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((close) => close()));
});

async function server(): Promise<SmtpServer> {
  const started = await startSmtpServer();
  opened.push(started.stop);
  return started;
}

function send(url: string | null, config: Partial<MailConfig> = {}) {
  const mailer = createMailer({ url, from: 'Showrunner <show@example.com>', timeoutMs: 10_000 });
  opened.push(mailer.close);
  const full: MailConfig = { channel: 'email', to: 'ada@example.com', message: 'ada sent Rose', ...config };
  const action = renderedAction({ action_type: 'notification', order: 0, config: full });
  return mailer.send(action, full).then((result) => ({ result, action }));
}

describe('An e-mail', () => {
  test('reaches the mail server with a message id of its action', async () => {
    const smtp = await server();
    const { result, action } = await send(smtp.url, { subject: 'A gift\r\nBcc: evil@example.com' });
    expect(result).toMatchObject({ outcome: 'succeeded', response: { body: '250 queued' } });
    expect(smtp.messages).toHaveLength(1);
    expect(smtp.messages[0]).toContain(`Message-ID: <${action.id}@showrunner>`);
    expect(smtp.messages[0]).toContain('To: ada@example.com');
    expect(smtp.messages[0]).toContain('Subject: A gift Bcc: evil@example.com');
    expect(smtp.messages[0]).toMatch(/\r\n\r\nada sent Rose/);
  });

  test('that the server refuses with 5xx fails for good, with 4xx it is tried again', async () => {
    const smtp = await server();
    smtp.recipientAnswer = '550 no such user';
    expect((await send(smtp.url)).result).toMatchObject({
      outcome: 'failed',
      code: 'mail_refused',
      error: expect.stringContaining('550 no such user'),
    });
    smtp.recipientAnswer = '451 try later';
    expect((await send(smtp.url)).result).toMatchObject({ outcome: 'retryable', code: 'mail_unavailable' });
  });

  test('is tried again while the server is away', async () => {
    expect((await send('smtp://127.0.0.1:9')).result).toMatchObject({ outcome: 'retryable', code: 'mail_unavailable' });
  });

  test('goes to one address and no second one', async () => {
    const smtp = await server();
    expect((await send(smtp.url, { to: 'a@example.com, b@example.com' })).result).toMatchObject({
      outcome: 'failed',
      code: 'invalid_config',
    });
    expect(smtp.messages).toEqual([]);
  });

  test('fails where no mail server is configured', async () => {
    expect((await send(null)).result).toMatchObject({ outcome: 'failed', code: 'feature_off' });
  });
});
