import { Writable } from 'node:stream';
import { expect, test } from '@jest/globals';
import { pino } from 'pino';
import { REDACTED_PATHS } from '../../config/logging.ts';

test('no secret reaches the log, at the top or inside of what is logged', () => {
  let written = '';
  const sink = new Writable({
    write(chunk, _encoding, done) {
      written += String(chunk);
      done();
    },
  });
  const log = pino({ redact: { paths: REDACTED_PATHS } }, sink);
  log.info({ password: 's3cret', user: { session_cookie: 's3cret' }, request: { headers: { authorization: 's3cret', 'x-api-key': 's3cret' } } }, 'x');
  expect(written).toContain('Redacted');
  expect(written).not.toContain('s3cret');
});
