// Generates docs/reference/metrics.md from the table of metrics.
import { formatTable } from "../documentation/markdown.mjs";
import { loadSource } from "../load-source.mjs";

export async function buildPages() {
  const { METRICS, SERVE_METRICS } =
    await loadSource(`export { METRICS } from "./src/features/worker/metric-definitions.ts";
export { SERVE_METRICS } from "./src/features/dev/serve/serve-metrics.ts";`);
  const buildRows = (metrics) =>
    Object.values(metrics).map(({ name, type, help, labels = [], alert = "" }) => [
      `\`${name}\``,
      type,
      help,
      labels.map((label) => `\`${label}\``).join(", "),
      alert,
    ]);
  return {
    "docs/reference/metrics.md": `# Metrics

\`knock worker --metrics-port 9464\` serves \`/metrics\` for Prometheus and \`/health\` for probes. See
[Scaling](../guide/scaling.md).

## Health

\`GET /health\` responds with 200 and \`ok\`, or with 503 and the reason:

- Nothing can be written within 2 s with a connection of the work and with a new one. The database is away, read-only or full, its
  password has changed, or it has no connection left.
- The worker could not record itself for 5 s, or its search for jobs has ended.
- The last job of a kind failed less than 15 s ago. A run that fails alone is not a failed job.
- The age of the oldest due row has grown for a minute, and no job has succeeded.

Each check writes a row and deletes it. A result is used again for half a second.

## Metrics

The [runbook](../guide/runbook.md) has alert rules for Prometheus, and says what to do about each alert.

${formatTable(["Metric", "Type", "Meaning", "Labels", "Alert if"], buildRows(METRICS))}

\`knock serve --metrics-port 9465\` has these:

${formatTable(
  ["Metric", "Type", "Meaning", "Labels"],
  buildRows(SERVE_METRICS).map((row) => row.slice(0, 4)),
)}
`,
  };
}
