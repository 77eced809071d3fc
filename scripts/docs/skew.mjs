// Generates docs/reference/skew.md from the saved results of bench/scale/skew.mjs.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { formatTable } from "../documentation/markdown.mjs";
import { ROOT } from "../load-source.mjs";

const format = (value) => value.toLocaleString("en", { maximumFractionDigits: 2 });

export async function buildPages() {
  const result = JSON.parse(readFileSync(join(ROOT, "bench/results/skew.json"), "utf8"));
  const { rows, recipients, tenants, workflows } = result;
  const table = (columns) =>
    formatTable(
      ["s", ...Object.keys(columns)],
      rows.map((row) => [format(row.s), ...Object.values(columns).map((read) => read(row))]),
    );
  const percent = (name) => (row) => `${format(row[name])}%`;
  const times = (name) => (row) => format(row[name]);
  return {
    "docs/reference/skew.md": `# Skew

Some recipients, tenants and workflows are busier than others. This page shows how evenly the rows that the engine writes are spread over the
256 shards that each of them carries. [Scaling](../guide/scaling.md) has the conclusions. \`node bench/scale/skew.mjs\` measures again.

In each row, the engine has written ${format(rows[0].runs)} recipient runs to one PostgreSQL database, for ${format(recipients)} recipients, ${tenants} tenants
and ${workflows} workflows. Each of them is drawn less often by its rank to the power s. (${result.machine}, Node ${result.node.slice(1)}, ${result.date})

## Busiest shard

The runs of the busiest shard or database divided by the mean. ${format(rows[0].runs / 256)} runs in each shard also differ by chance, as s = 0 shows.
Databases take the shards in turn, or by their load.

${table({
  "256 shards": times("shards_256"),
  "Recipients in 256 shards": times("recipients_256"),
  "16 databases": times("databases_16"),
  "64 databases": times("databases_64"),
  "64 databases, by load": times("databases_64_by_load"),
  "Share of the busiest recipient": percent("busiest_recipient_percent"),
})}

## Busiest tenant and workflow

The share of the busiest one in all runs, and its runs in the busiest of 16 databases divided by the mean. Runs of one tenant or workflow have
different recipients, so they are spread like all others.

${table({
  Tenant: percent("busiest_tenant_percent"),
  "Its busiest database": times("busiest_tenant_databases_16"),
  Workflow: percent("busiest_workflow_percent"),
  "Workflow's busiest database": times("busiest_workflow_databases_16"),
})}
`,
  };
}
