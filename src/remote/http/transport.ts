/** A request of one attempt. */
export interface TransportRequest {
  method: string;
  /** The path with its query. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
  /** Ends the attempt, with the body that is being read. */
  signal: AbortSignal;
}

/** A response whose body has not been read. Header names are in lower case. */
export interface TransportResponse {
  status: number;
  headers: Record<string, string>;
  body: AsyncIterable<Uint8Array>;
}

/** Shared connections to one origin. Follows no redirects and retries nothing. */
export interface HttpTransport {
  request(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}

export interface TransportOptions {
  origin: string;
  connectTimeoutMs: number;
  /** Certificates in PEM that replace Node's list of trusted authorities; null keeps the list. */
  ca: string | null;
}

/** The code of an error for a connection that was not open in time. */
export const CONNECT_TIMEOUT = "ERR_CONNECT_TIMEOUT";

/** Returns headers with one text per name. */
export function flattenHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
