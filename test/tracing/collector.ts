import { type HttpTestServer, startHttpTestServer, type TestResponse } from "../helpers/http-test-server.js";

type Values = Record<string, string | number | boolean>;

/** A span as the collector received it. */
interface ReceivedSpan {
  name: string;
  kind: "internal" | "server" | "client" | "producer" | "consumer";
  traceId: string;
  spanId: string;
  /** Empty for the first span of a trace. */
  parentSpanId: string;
  isFailed: boolean;
  attributes: Values;
  /** The attributes of the process that sent it. */
  resource: Values;
}

/** The numbers of OTLP, from 1. */
const KINDS = ["internal", "server", "client", "producer", "consumer"] as const;
const FAILED = 2;

interface OtlpSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  status: { code?: number };
  attributes: OtlpAttribute[];
}

interface OtlpAttribute {
  key: string;
  value: Values;
}

interface OtlpDocument {
  resourceSpans: { resource: { attributes: OtlpAttribute[] }; scopeSpans: { spans: OtlpSpan[] }[] }[];
}

function toValues(attributes: readonly OtlpAttribute[]): Values {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0] ?? ""]));
}

/** A receiver of OTLP over HTTP, in JSON. */
export class Collector {
  private constructor(private readonly server: HttpTestServer) {}

  static async start(response: TestResponse = { json: {} }): Promise<Collector> {
    const server = await startHttpTestServer();
    server.respondWith(response);
    return new Collector(server);
  }

  /** The variables that make the SDK send spans here, soon after they end. */
  get env(): Record<string, string> {
    return {
      OTEL_EXPORTER_OTLP_ENDPOINT: this.server.url,
      OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
      OTEL_BSP_SCHEDULE_DELAY: "50",
    };
  }

  /** All bodies as they were sent. */
  get text(): string {
    return this.server.requests.map(({ text }) => text).join("\n");
  }

  get requestCount(): number {
    return this.server.requests.length;
  }

  get spans(): ReceivedSpan[] {
    return this.server.requests
      .filter(({ path }) => path === "/v1/traces")
      .flatMap(({ json }) => (json as unknown as OtlpDocument).resourceSpans)
      .flatMap(({ resource, scopeSpans }) =>
        scopeSpans
          .flatMap(({ spans }) => spans)
          .map(({ kind, status, attributes, parentSpanId = "", name, traceId, spanId }) => ({
            name,
            traceId,
            spanId,
            parentSpanId,
            kind: KINDS[kind - 1] ?? "internal",
            isFailed: status.code === FAILED,
            attributes: toValues(attributes),
            resource: toValues(resource.attributes),
          })),
      );
  }

  /** Returns the only span with a name. Throws if there is not exactly one. */
  getSpan(name: string): ReceivedSpan {
    const [span, ...others] = this.spans.filter((candidate) => candidate.name === name);
    if (span === undefined || others.length > 0)
      throw new Error(`${others.length + Number(span !== undefined)} spans ${name}: ${JSON.stringify(this.spans)}`);
    return span;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}
