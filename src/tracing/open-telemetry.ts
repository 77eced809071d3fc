import { createRequire } from "node:module";
import { join } from "node:path";
import { getErrorMessage } from "../errors/knock-error.js";
import { endsWithin } from "../util/ends-within.js";
import type { Api, NodeSdk, Sdk } from "./open-telemetry-packages.js";
import { OpenTelemetryTracer } from "./open-telemetry-tracer.js";
import { traceClient, traceOperations, traceProviders } from "./trace-engine.js";
import { FLUSH_MS, type Tracing } from "./tracing.js";

/** The package that reads all variables of OpenTelemetry, and has all exporters. */
const PACKAGE = "@opentelemetry/sdk-node";

/** A collector that cannot be reached has one error per attempt. Others follow from changes of it. */
const MAX_REPORTS = 5;

interface StartOptions {
  env: Record<string, string | undefined>;
  service: string;
  version: string;
  /** The folder of the project. */
  root: string;
  /** A file beside which packages are looked for next. Default: this one. */
  ownFile?: string;
  warn(text: string): void;
}

/** Returns a function that loads packages as the SDK does, which is searched beside the files. Null if it is not installed. */
function findSdk(files: readonly string[]): NodeJS.Require | null {
  for (const file of files) {
    try {
      return createRequire(createRequire(file).resolve(PACKAGE));
    } catch {
      // It is not installed there.
    }
  }
  return null;
}

/** Returns a function that reports each error once, and no more than a few. */
function createReport(warn: (text: string) => void): (text: string) => void {
  const reported = new Set<string>();
  return (text) => {
    // The SDK writes errors as JSON, with their stack traces.
    const message = /"message":"((?:[^"\\]|\\.)*)"/.exec(text)?.[1] ?? text;
    if (reported.has(message) || reported.size === MAX_REPORTS) return;
    reported.add(message);
    warn(`OpenTelemetry: ${message}`);
  };
}

/** Starts the SDK, whose errors are reported. */
function startSdk(
  load: NodeJS.Require,
  { diag, DiagLogLevel }: Api,
  { env, service }: StartOptions,
  report: (text: string) => void,
): NodeSdk {
  const { NodeSDK } = load(PACKAGE) as Sdk;
  const { envDetector, hostDetector } = load("@opentelemetry/resources") as Record<string, unknown>;
  const hasName = env.OTEL_SERVICE_NAME || /(?:^|,)\s*service\.name=/.test(env.OTEL_RESOURCE_ATTRIBUTES ?? "");
  const sdk = new NodeSDK({
    instrumentations: [],
    // Only traces are sent.
    metricReaders: [],
    logRecordProcessors: [],
    ...(hasName ? {} : { serviceName: service }),
    // The SDK's own choice includes the command line, which may contain the password of the store.
    ...(env.OTEL_NODE_RESOURCE_DETECTORS ? {} : { resourceDetectors: [envDetector, hostDetector] }),
  });
  const ignore = (): void => {};
  diag.setLogger(
    { error: report, warn: report, info: ignore, debug: ignore, verbose: ignore },
    { logLevel: DiagLogLevel.WARN, suppressOverrideMessage: true },
  );
  sdk.start();
  return sdk;
}

/** Starts to send traces with the packages that are installed. Warns and returns undefined without them. */
export function startTracing(options: StartOptions): Tracing | undefined {
  const { env, version, root, ownFile = import.meta.url, warn } = options;
  const load = findSdk([join(root, "package.json"), ownFile]);
  if (load === null) {
    const name = env.OTEL_EXPORTER_OTLP_ENDPOINT ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT";
    warn(
      `${name} is set, but no traces are sent, because ${PACKAGE} is not installed. Run \`npm install ${PACKAGE}\` in the project, or set OTEL_SDK_DISABLED=true.`,
    );
    return undefined;
  }
  const report = createReport(warn);
  try {
    const api = load("@opentelemetry/api") as Api;
    // A program that was loaded before, for example with --import, may have registered its own SDK.
    const isStarted = api.trace.getTracerProvider().getDelegateTracer?.("knock-cli") !== undefined;
    const sdk = isStarted ? null : startSdk(load, api, options, report);
    const tracer = new OpenTelemetryTracer(api, api.trace.getTracer("knock-cli", version));
    return {
      tracer,
      traceProviders: (findProvider) => traceProviders(tracer, findProvider),
      traceClient: (client) => traceClient(tracer, client),
      traceOperations: (operations, worker) => traceOperations(tracer, operations, worker),
      async close() {
        if (sdk === null) return;
        const flushed = sdk.shutdown().catch((error: unknown) => report(getErrorMessage(error)));
        await endsWithin(flushed, FLUSH_MS);
      },
    };
  } catch (error) {
    report(getErrorMessage(error));
    return undefined;
  }
}
