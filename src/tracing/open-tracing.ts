import type { Tracing } from "./tracing.js";

interface TracingOptions {
  /** The name of the service, unless the environment has one. */
  service: string;
  /** The folder of the project, whose packages are looked at first. */
  root: string;
  warn(text: string): void;
}

/**
 * Starts to send traces if the environment names a collector. Without one, nothing is loaded. Warns if the packages are not
 * installed: the variable may be set for all programs of a machine, and work matters more than traces.
 */
export async function openTracing(
  { env, version }: { env: Record<string, string | undefined>; version: string },
  options: TracingOptions,
): Promise<Tracing | undefined> {
  if (!env.OTEL_EXPORTER_OTLP_ENDPOINT && !env.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) return undefined;
  if (env.OTEL_SDK_DISABLED?.toLowerCase() === "true" || env.OTEL_TRACES_EXPORTER === "none") return undefined;
  const { startTracing } = await import("./open-telemetry.js");
  return startTracing({ ...options, env, version });
}
