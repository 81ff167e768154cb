/**
 * The one table of error codes. `message` says what happened and what to do; `permanent`: trying again can't help.
 * The HTTP status of each code stands in api/errors.ts; a test keeps docs/errors.md equal to this table.
 */
export const ERRORS = {
  // Input and access
  validation_failed: { message: 'The request has faults; each is named by its field.', permanent: true },
  malformed_json: { message: 'The body is not valid JSON.', permanent: true },
  payload_too_large: { message: 'The body is larger than this route takes.', permanent: true },
  unsupported_media_type: { message: 'Send the body as application/json.', permanent: true },
  unauthenticated: { message: 'Sign in first: send "Authorization: Bearer <access_token>".', permanent: true },
  token_expired: { message: 'The access token has expired: sign in again.', permanent: true },
  invalid_credentials: { message: 'E-mail or password is wrong.', permanent: true },
  forbidden: { message: 'Your role in this workspace lacks the permission that this needs.', permanent: true },
  not_found: { message: 'There is nothing here under this id, or not in your workspace.', permanent: true },
  email_taken: { message: 'This e-mail address can not be registered.', permanent: true },
  already_member: { message: 'This person is a member of the workspace already.', permanent: true },
  last_owner: { message: 'A workspace keeps at least one owner: make somebody else owner first.', permanent: true },
  conflict: { message: 'The state changed meanwhile: read it again and repeat.', permanent: false },
  rate_limited: { message: 'Too many requests: wait as long as Retry-After says.', permanent: false },
  plan_limit: { message: 'The plan of this workspace allows no more of these.', permanent: true },
  unavailable: { message: 'A part that this needs does not answer right now: try again soon.', permanent: false },
  internal: { message: 'Something failed on our side; the request id finds it in the log.', permanent: false },

  // TikTok LIVE
  invalid_tiktok_input: {
    message:
      'Not a TikTok LIVE. Accepted: @name, name, a 19-digit room id, https://www.tiktok.com/@name/live, https://vm.tiktok.com/… or https://vt.tiktok.com/…',
    permanent: true,
  },
  short_link_unresolved: { message: 'The short link leads to no TikTok LIVE.', permanent: true },
  user_not_found: { message: 'TikTok knows no user of this name.', permanent: true },
  user_offline: { message: 'This user is not live now.', permanent: false },
  room_ended: { message: 'This LIVE is over.', permanent: true },
  age_restricted: { message: 'TikTok shows this LIVE to signed-in adults only: connect again with a session_cookie.', permanent: true },
  tiktok_refused: { message: 'TikTok refused the connection.', permanent: false },
  tiktok_unreachable: { message: 'TikTok does not answer.', permanent: false },
  tiktok_bad_response: { message: 'TikTok answered with something that is not its protocol.', permanent: false },
  sign_rate_limited: { message: 'The sign service’s allowance is used up; it is asked again when it says so.', permanent: false },
  sign_payment_required: { message: 'The sign service wants a paid plan or an API key for this (SIGN_API_KEY).', permanent: true },
  sign_unauthorized: { message: 'The sign service refused the API key (SIGN_API_KEY).', permanent: true },
  sign_unavailable: { message: 'The sign service fails or does not answer.', permanent: false },
  socket_closed: { message: 'The connection to TikTok broke.', permanent: false },
  socket_silent: { message: 'The connection to TikTok was dead: it answered no ping.', permanent: false },
  duplicate_session: { message: 'Another session of this workspace listens to the same room.', permanent: true },
  superseded: { message: 'Another consumer has taken this livestream over.', permanent: true },

  // Actions
  device_not_found: { message: 'The device was deleted.', permanent: true },
  device_unreachable: { message: 'The device or its broker does not answer.', permanent: false },
  device_refused: { message: 'The device refused the command.', permanent: true },
  mqtt_unavailable: { message: 'The MQTT broker does not answer (MQTT_URL).', permanent: false },
  private_address: {
    message: 'The address is private or link-local; webhooks go to public addresses only (ALLOW_PRIVATE_WEBHOOKS=1 lifts that).',
    permanent: true,
  },
  invalid_url: { message: 'The rendered URL is not an http or https URL.', permanent: true },
  invalid_config: { message: 'The rendered action is not valid.', permanent: true },
  target_refused: { message: 'The other side refused the request for good.', permanent: true },
  target_failed: { message: 'The other side failed; it is tried again.', permanent: false },
  target_timeout: { message: 'The other side did not answer in time; it is tried again.', permanent: false },
  target_unreachable: { message: 'The other side could not be reached; it is tried again.', permanent: false },
  target_busy: { message: 'The other side is failing; the action waits until it answers again.', permanent: false },
  feature_off: { message: 'This feature is not configured on this installation.', permanent: true },
  mail_refused: { message: 'The mail server refused the message.', permanent: true },
  mail_unavailable: { message: 'The mail server does not answer.', permanent: false },
  gave_up: { message: 'It was tried for as long as promised and never succeeded.', permanent: true },
} as const satisfies Record<string, { message: string; permanent: boolean }>;

export type ErrorCode = keyof typeof ERRORS;

/** An error with a code of the table; `detail` adds the other side's own words. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string | null;

  constructor(code: ErrorCode, detail: string | null = null, options?: ErrorOptions) {
    super(detail ? `${ERRORS[code].message} (${detail})` : ERRORS[code].message, options);
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
  }

  get permanent(): boolean {
    return ERRORS[this.code].permanent;
  }
}
