import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { SERVE_METRICS } from "../../src/features/dev/serve/serve-metrics.js";
import { METRICS } from "../../src/features/worker/metric-definitions.js";
import type { MetricDefinition } from "../../src/monitoring/metrics.js";

const ROOT = resolve(import.meta.dirname, "../..");
const RULES = join(ROOT, "deploy/prometheus/alerts.yaml");
const RUNBOOK = "docs/guide/runbook.md";

const DURATION = z.string().regex(/^\d+[smh]$/);
const FILE = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Knock[A-Za-z]+$/),
          expr: z.string(),
          for: DURATION.optional(),
          labels: z.strictObject({ severity: z.enum(["critical", "warning"]) }),
          annotations: z.strictObject({ summary: z.string(), runbook: z.string() }),
        }),
      ),
    }),
  ),
});
const rules = FILE.parse(parse(readFileSync(RULES, "utf8"))).groups.flatMap((group) => group.rules);
const definitions: MetricDefinition[] = [...Object.values(METRICS), ...Object.values(SERVE_METRICS)];

/** Returns the series of a metric, and the labels that each can have. Prometheus adds `up`. */
const series = new Map([
  ["up", ["job", "instance"] as readonly string[]],
  ...definitions.flatMap(({ name, type, labels = [] }): [string, readonly string[]][] =>
    type === "histogram"
      ? [
          [`${name}_count`, labels],
          [`${name}_sum`, labels],
          [`${name}_bucket`, [...labels, "le"]],
        ]
      : [[name, labels]],
  ),
]);

describe("the alert rules", () => {
  it("use metrics and labels that exist", () => {
    const unknown = rules.flatMap(({ alert, expr }) => {
      const used = [...expr.matchAll(/\b(knock_\w+|up)(?:\{([^}]*)\})?/g)];
      expect(used.length, alert).toBeGreaterThan(0);
      return used.flatMap(([, name = "", matchers = ""]) => {
        const labels = series.get(name);
        if (labels === undefined) return [`${alert}: ${name}`];
        const named = [...matchers.matchAll(/(\w+)\s*[=!]/g)].map(([, label]) => label ?? "");
        const grouped = [...expr.matchAll(/\bby \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(/,\s*/));
        return [...named, ...grouped].filter((label) => !labels.includes(label)).map((label) => `${alert}: ${label}`);
      });
    });
    expect(unknown).toEqual([]);
  });

  it("have a section of the runbook each, and no other sections exist", () => {
    const page = readFileSync(join(ROOT, RUNBOOK), "utf8");
    const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(rules.map(({ alert }) => alert)).toEqual(sections);
    for (const { alert, annotations } of rules) expect(annotations.runbook).toBe(`${RUNBOOK}#${alert.toLowerCase()}`);
    for (const section of page.split(/^## /m).slice(1)) expect(section).toContain("```sh\n");
  });

  const hasChecker = spawnSync("promtool", ["--version"]).status === 0;
  if (!hasChecker) console.warn("notice: no promtool; the syntax of alert rules is not checked");

  it.runIf(hasChecker)("have no errors of promtool", () => {
    const { status, stderr } = spawnSync("promtool", ["check", "rules", RULES], { encoding: "utf8" });
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  });
});
