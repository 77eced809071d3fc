/** The environment variables of OpenTelemetry, for `knock worker` and `knock dev`. */
export const TRACE_VARIABLES = [
  {
    name: "OTEL_EXPORTER_OTLP_ENDPOINT",
    group: "Traces",
    meaning: "URL of the collector, such as `http://localhost:4318`",
    default: "no traces",
  },
  {
    name: "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    group: "Traces",
    meaning: "whole URL for traces, such as `http://localhost:4318/v1/traces`",
    default: "`OTEL_EXPORTER_OTLP_ENDPOINT` and `/v1/traces`",
  },
  {
    name: "OTEL_SDK_DISABLED",
    group: "Traces",
    meaning: "`true` turns traces off",
    default: "`false`",
  },
  {
    name: "OTEL_TRACES_EXPORTER",
    group: "Traces",
    meaning: "`none` turns traces off; other values select exporters of the SDK",
    default: "`otlp`",
  },
  {
    name: "OTEL_EXPORTER_OTLP_PROTOCOL",
    group: "Traces",
    meaning: "`http/protobuf`, `http/json` or `grpc`",
    default: "`http/protobuf`",
    readBy: "OpenTelemetry",
  },
  {
    name: "OTEL_EXPORTER_OTLP_HEADERS",
    group: "Traces",
    meaning: "headers for the collector, such as `authorization=Bearer%20…`",
    default: "none",
    readBy: "OpenTelemetry",
  },
  {
    name: "OTEL_SERVICE_NAME",
    group: "Traces",
    meaning: "name of the service",
    default: "`knock-worker` or `knock-dev`",
  },
  {
    name: "OTEL_RESOURCE_ATTRIBUTES",
    group: "Traces",
    meaning: "attributes of the process, such as `deployment.environment.name=production`",
    default: "none",
  },
  {
    name: "OTEL_NODE_RESOURCE_DETECTORS",
    group: "Traces",
    meaning: "detectors of further attributes; `process` includes the command line, which may contain a password",
    default: "`env,host`",
  },
  {
    name: "OTEL_TRACES_SAMPLER",
    group: "Traces",
    meaning: "which traces are kept, such as `parentbased_traceidratio` with `OTEL_TRACES_SAMPLER_ARG`",
    default: "all",
    readBy: "OpenTelemetry",
  },
] as const;
