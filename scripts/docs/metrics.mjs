// Generates docs/reference/metrics.md from the table of metrics.
import { formatTable } from "../documentation/markdown.mjs";
import { loadSource } from "../load-source.mjs";

export async function buildPages() {
  const { METRICS } = await loadSource(`export { METRICS } from "./src/app/worker/metric-definitions.ts"`);
  const rows = Object.values(METRICS).map(({ name, type, help, labels = [], alert = "" }) => [
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

${formatTable(["Metric", "Type", "Meaning", "Labels", "Alert if"], rows)}
`,
  };
}
