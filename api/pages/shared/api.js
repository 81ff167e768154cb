import { session } from './session.js';

const TIMEOUT_MS = 60_000;

/** What the API refused, in its own words; `fields`: the faults of single fields. */
export class ApiFault extends Error {
  constructor({ status, code, message, fields = [] }) {
    super(message);
    this.name = 'ApiFault';
    this.status = status;
    this.code = code;
    this.fields = fields;
  }
}

/** Headers that say who asks, and in which workspace. */
export const credentials = () => ({
  ...(session.token ? { Authorization: `Bearer ${session.token}` } : {}),
  ...(session.workspaceId ? { 'X-Workspace-Id': session.workspaceId } : {}),
});

/** The fault that an answer tells; a token that is no good any more ends the session. */
export function faultOf(status, text) {
  const problem = problemIn(text);
  if (status === 401 && session.token) {
    session.end();
    dispatchEvent(new Event('signed-out'));
  }
  const { title, detail, errors = [], code = 'internal' } = problem;
  const message = [title, detail === title ? null : detail].filter(Boolean).join(' ') || `The server answered with ${status}.`;
  return new ApiFault({ status, code, message: errors.length > 0 ? title : message, fields: errors });
}

function problemIn(text) {
  try {
    return JSON.parse(text) ?? {};
  } catch {
    return {};
  }
}

async function call(method, path, body) {
  const response = await fetch(path, {
    method,
    headers: { Accept: 'application/json', ...credentials(), ...(body === undefined ? {} : { 'Content-Type': 'application/json' }) },
    body: body === undefined ? undefined : JSON.stringify(body),
    signal: AbortSignal.timeout(TIMEOUT_MS),
  }).catch((error) => {
    throw new ApiFault({ status: 0, code: 'unreachable', message: `The server does not answer: ${error.message}` });
  });
  const text = await response.text();
  if (!response.ok) throw faultOf(response.status, text);
  return text === '' ? null : JSON.parse(text);
}

export const api = {
  get: (path) => call('GET', path),
  post: (path, body = {}) => call('POST', path, body),
  put: (path, body) => call('PUT', path, body),
  patch: (path, body) => call('PATCH', path, body),
  delete: (path) => call('DELETE', path),
};
