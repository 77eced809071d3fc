import type { Tracer } from "../ports/tracer.js";
import type { Api } from "./open-telemetry-packages.js";

const KINDS = { internal: "INTERNAL", server: "SERVER", client: "CLIENT", consumer: "CONSUMER" } as const;

/** Returns the class of an error. Its message may contain addresses or content. */
function toErrorType(error: unknown): string {
  const { code, name } = (error ?? {}) as { code?: unknown; name?: unknown };
  return typeof code === "string" ? code : typeof name === "string" ? name : "_OTHER";
}

/** Returns the facts of a URL without its path and query, which may contain keys and user IDs. */
function describeServer(url: string): Record<string, string | number> {
  if (!URL.canParse(url)) return {};
  const { protocol, hostname, port } = new URL(url);
  const scheme = protocol.slice(0, -1);
  return {
    "url.scheme": scheme,
    "server.address": hostname.replace(/^\[|\]$/g, ""),
    "server.port": port === "" ? (scheme === "https" ? 443 : 80) : Number(port),
  };
}

/** Records spans with OpenTelemetry. */
export class OpenTelemetryTracer implements Tracer {
  constructor(
    private readonly api: Api,
    private readonly tracer: ReturnType<Api["trace"]["getTracer"]>,
  ) {}

  trace: Tracer["trace"] = ({ name, kind, attributes, headers }, work) => {
    const { SpanKind, SpanStatusCode, context, propagation } = this.api;
    const active = context.active();
    const parent = headers === undefined ? active : propagation.extract(active, headers);
    return this.tracer.startActiveSpan(name, { kind: SpanKind[KINDS[kind]], attributes }, parent, async (span) => {
      const fail = (errorType: string): void => {
        span.setAttributes({ "error.type": errorType });
        span.setStatus({ code: SpanStatusCode.ERROR });
      };
      try {
        return await work({ set: (more) => span.setAttributes(more), fail });
      } catch (error) {
        fail(toErrorType(error));
        throw error;
      } finally {
        span.end();
      }
    });
  };

  traceRequest: Tracer["traceRequest"] = ({ method, url }, send) => {
    const { context, propagation } = this.api;
    const name = method.toUpperCase();
    const attributes = { "http.request.method": name, ...describeServer(url) };
    return this.trace({ name, kind: "client", attributes }, async (span) => {
      const headers: Record<string, string> = {};
      propagation.inject(context.active(), headers);
      const response = await send(headers);
      if ("failure" in response) span.fail(response.failure);
      else {
        span.set({ "http.response.status_code": response.status });
        if (response.status >= 400) span.fail(String(response.status));
      }
      return response;
    });
  };
}
