import { readFile, writeFile } from 'node:fs/promises';
import { HTTP_STATUS } from '../api/errors.ts';
import { ERRORS, type ErrorCode } from '../domain/errors.ts';

const FILE = new URL('../docs/errors.md', import.meta.url);

/** docs/errors.md as the tables in the code have it. */
export function errorsDocument(): string {
  const rows = (Object.keys(ERRORS) as ErrorCode[]).map((code) => {
    const { message, permanent } = ERRORS[code];
    return `| \`${code}\` | ${HTTP_STATUS[code]} | ${permanent ? 'no' : 'yes'} | ${message.replaceAll('|', '\\|').replaceAll('<', '&lt;')} |`;
  });
  return `# Errors

Made from domain/errors.ts and api/errors.ts by \`npx tsx scripts/docs-errors.ts\`; a test keeps it equal.

The API answers a fault with \`application/problem+json\` (RFC 9457). \`code\` is stable and one of those below; \`detail\` says what it was this
time, \`errors\` names each field at fault, \`request_id\` finds the request in the log, \`reason\` (with 401) is missing, expired or invalid.
With 429 and 503, \`Retry-After\` says when to come again where that is known. The same codes stand in executions, livestreams and connection reports,
where no HTTP status goes with them.

\`\`\`json
{
  "type": "urn:showrunner:error:validation_failed",
  "title": "${ERRORS.validation_failed.message}",
  "status": 422,
  "detail": "config.base_topic: is needed for the preset tasmota",
  "instance": "/api/devices",
  "code": "validation_failed",
  "request_id": "0199c6f0-5a7e-7cc1-b1a5-0d1f5c5f3a10",
  "errors": [{ "field": "config.base_topic", "message": "is needed for the preset tasmota" }]
}
\`\`\`

| code | HTTP status | may help to repeat | what it means |
|---|---|---|---|
${rows.join('\n')}
`;
}

/** The file as it is now. */
export const storedErrorsDocument = (): Promise<string> => readFile(FILE, 'utf8');

if (process.argv[1]?.endsWith('docs-errors.ts')) await writeFile(FILE, errorsDocument());
