import type { SpanAttributes } from "../ports/tracer.js";

/**
 * The parts of OpenTelemetry's packages that knock uses. They are declared here because the packages are optional, and because
 * these parts are the same in all versions that are supported.
 */
export interface Api {
  trace: {
    getTracer(name: string, version: string): ApiTracer;
    /** A provider without `getDelegateTracer` is one of an SDK. */
    getTracerProvider(): { getDelegateTracer?(name: string): unknown };
  };
  context: { active(): object };
  propagation: {
    extract(context: object, headers: object): object;
    inject(context: object, headers: object): void;
  };
  diag: {
    setLogger(logger: object, options: { logLevel: number; suppressOverrideMessage: boolean }): void;
  };
  DiagLogLevel: { WARN: number };
  SpanKind: Record<"INTERNAL" | "SERVER" | "CLIENT" | "CONSUMER", number>;
  SpanStatusCode: { ERROR: number };
}

interface ApiTracer {
  startActiveSpan<T>(
    name: string,
    options: { kind: number; attributes: SpanAttributes },
    context: object,
    work: (span: ApiSpan) => T,
  ): T;
}

interface ApiSpan {
  setAttributes(attributes: SpanAttributes): void;
  setStatus(status: { code: number }): void;
  end(): void;
}

export interface NodeSdk {
  start(): void;
  shutdown(): Promise<void>;
}

export interface Sdk {
  NodeSDK: new (options: object) => NodeSdk;
}
