export interface OutgoingRequest {
  method: string;
  url: string;
  headers: { [name: string]: string };
  body: string | null;
  /** Milliseconds for everything: name, connection, redirects, answer. */
  timeout_ms: number;
}

export interface OutgoingResponse {
  kind: 'response';
  status: number;
  /** The first 2 KB of the body. */
  body: string;
  /** Retry-After in milliseconds. */
  retry_after_ms: number | null;
  /** Where a redirect that was not followed points to. */
  location: string | null;
}

export interface OutgoingFailure {
  kind: 'failure';
  code: 'private_address' | 'invalid_url' | 'invalid_config' | 'target_timeout' | 'target_unreachable';
  error: string;
}

/** HTTP to addresses that people name: guarded against reaching into our own network. Never rejects. */
export interface OutgoingHttp {
  request(request: OutgoingRequest, signal: AbortSignal): Promise<OutgoingResponse | OutgoingFailure>;
  /** Idempotent. */
  close(): Promise<void>;
}
