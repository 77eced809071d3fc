import type { MetricDefinition } from "../../../monitoring/metrics.js";

/** Every metric of `knock serve --metrics-port`. */
export const SERVE_METRICS = {
  requests: {
    name: "knock_http_requests_total",
    type: "counter",
    help: "requests, by the endpoint of the route and the status of the response",
    labels: ["route", "status"],
  },
  requestSeconds: {
    name: "knock_http_request_seconds",
    type: "histogram",
    help: "duration of requests until the response",
    labels: ["route"],
  },
} as const satisfies Record<string, MetricDefinition>;
