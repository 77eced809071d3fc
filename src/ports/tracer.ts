/** The facts of a span, by the names of OpenTelemetry's semantic conventions. */
export type SpanAttributes = Record<string, string | number | boolean>;

/** Work that is measured. It never contains addresses, user IDs, keys or content. */
export interface Span {
  set(attributes: SpanAttributes): void;
  /** Marks the work as failed, with a class of errors: an error code, a status or a reason. */
  fail(errorType: string): void;
}

interface SpanStart {
  /** One of few names: it contains no ID. */
  name: string;
  /** `server` serves a request, `client` sends one, and `consumer` runs a job. */
  kind: "internal" | "server" | "client" | "consumer";
  attributes: SpanAttributes;
  /** The headers of the request that is served. Its trace continues in the span. */
  headers?: Readonly<Record<string, string>>;
}

/** Records spans. A process without a collector has no tracer. */
export interface Tracer {
  /** Runs work in a span. Spans that begin during the work are its children. An error of the work ends the span as failed. */
  trace<T>(start: SpanStart, work: (span: Span) => Promise<T>): Promise<T>;
  /** Sends an HTTP request in a span. `headers` have to be added to it, so that its receiver can continue the trace. */
  traceRequest<T extends { status: number } | { failure: string }>(
    request: { method: string; url: string },
    send: (headers: Record<string, string>) => Promise<T>,
  ): Promise<T>;
}

const NO_SPAN: Span = { set() {}, fail() {} };

/** Records nothing. */
export const NO_TRACER: Tracer = {
  trace: (_, work) => work(NO_SPAN),
  traceRequest: (_, send) => send({}),
};
