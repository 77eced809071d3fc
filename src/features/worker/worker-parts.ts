export { startMetricsServer } from "./metrics-server.js";
export { createJsonLog } from "./worker-log.js";
export { WorkerMetrics } from "./worker-metrics.js";
