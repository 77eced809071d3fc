export { createJsonLog } from "./json-log.js";
export { Metrics } from "./metrics.js";
export { startMetricsServer, toProbePage } from "./metrics-server.js";
