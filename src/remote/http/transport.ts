import type { Interruption } from "./interruption.js";

/** A request of one attempt. */
export interface TransportRequest {
  method: string;
  /** The path with its query. */
  path: string;
  headers: Record<string, string>;
  body: string | null;
  /** The time limit from connecting to the end of the response, in milliseconds. */
  timeoutMs: number;
  /** Ends the attempt when the user interrupts the command. */
  interruption?: Interruption | undefined;
}

/** The status and the headers of a response. Header names are in lower case. */
interface ResponseHead {
  status: number;
  headers: Record<string, string>;
}

export interface TransportResponse extends ResponseHead {
  text: string;
}

/** Shared connections to one origin. They follow no redirects and retry nothing. */
export interface HttpTransport {
  /** Returns the complete response. Throws a `TransportError`. */
  request(request: TransportRequest): Promise<TransportResponse>;
  close(): Promise<void>;
}

export interface TransportOptions {
  origin: string;
  connectTimeoutMs: number;
  /** Certificates in PEM that replace Node's list of trusted authorities; null keeps the list. */
  ca: string | null;
}

/** Keeps the last TLS session with one server for other processes that trust the same authorities. Never throws. */
export interface TlsSessionStore {
  /** Returns the session, or null without one. */
  read(): Buffer | null;
  write(session: Buffer): void;
  delete(): void;
}

/** An attempt without a complete response. The cause is the HTTP client's error. */
export class TransportError extends Error {
  constructor(
    /** The part of the attempt that took too long, or `connection` for other failures. */
    readonly kind: "connect_timeout" | "timeout" | "connection" | "too_large",
    /** The part of the response that arrived before the failure; null if nothing did. */
    readonly head: ResponseHead | null,
    cause: unknown,
  ) {
    super("the request failed", { cause });
  }
}

const MAX_RESPONSE_BYTES = 20 * 1024 * 1024;

/** Collects a response of up to 20 MB, and settles once. */
export class ResponseCollector {
  private head: ResponseHead | null = null;
  private readonly chunks: Buffer[] = [];
  private bytes = 0;
  private readonly timer: NodeJS.Timeout;
  private readonly place: number | undefined;
  isSettled = false;

  constructor(
    private readonly request: TransportRequest,
    private readonly resolve: (response: TransportResponse) => void,
    private readonly reject: (error: TransportError) => void,
    /** Ends the attempt. */
    private readonly abort: (error: Error) => void,
  ) {
    this.timer = setTimeout(() => this.fail(new Error("time-out"), "timeout"), request.timeoutMs);
    this.place = request.interruption?.add(this.interrupt);
  }

  setHead(status: number, headers: Record<string, string | string[] | undefined>): void {
    this.head = { status, headers: flattenHeaders(headers) };
  }

  add(chunk: Buffer): void {
    this.bytes += chunk.length;
    if (this.bytes > MAX_RESPONSE_BYTES) this.fail(new Error("the response is too large"), "too_large");
    else this.chunks.push(chunk);
  }

  end(): void {
    if (!this.settle()) return;
    const [first, ...others] = this.chunks;
    const bytes = others.length === 0 ? first : Buffer.concat(this.chunks);
    this.resolve({ ...(this.head as ResponseHead), text: bytes?.toString("utf8") ?? "" });
  }

  fail(cause: unknown, kind: TransportError["kind"] = "connection"): void {
    if (!this.settle()) return;
    this.reject(new TransportError(kind, this.head, cause));
    if (kind !== "connection") this.abort(cause as Error);
  }

  private readonly interrupt = (): void => {
    if (!this.settle()) return;
    this.reject(new TransportError("connection", this.head, new Error("interrupted")));
    this.abort(new Error("interrupted"));
  };

  private settle(): boolean {
    if (this.isSettled) return false;
    this.isSettled = true;
    clearTimeout(this.timer);
    if (this.place !== undefined) this.request.interruption?.remove(this.place);
    return true;
  }
}

/** Returns headers with one text per name. */
function flattenHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  const flat: Record<string, string> = {};
  for (const name in headers) {
    const value = headers[name];
    if (value !== undefined) flat[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return flat;
}
