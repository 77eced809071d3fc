// Renders templates that use a Liquid filter to need as much memory as possible, and prints the peak of the process. Without a
// filter, it prints the names of all filters.
import { getMaxRenderMs } from "../src/engine/liquid/limit-rendering.js";
import { createTextCompiler } from "../src/engine/liquid/liquid.js";
import { getLiquid } from "../src/engine/liquid/liquid-engine.js";
import type { LiquidMode } from "../src/engine/liquid/liquid-mode.js";
import { runWithTimeLimit } from "../src/util/time-limit.js";
import { NESTED_LIST } from "../test/helpers/hostile-inputs.js";

const LISTS = [
  "{% assign l = (1..9000000) %}",
  "{% assign l = (1..900000) %}",
  NESTED_LIST,
  "{% assign l = items %}{% for i in (1..13) %}{% assign l = l | concat: l %}{% endfor %}",
];
const ARGUMENTS = ["", ": l", ": 'i', 'i'"];
const SCOPE = {
  text: "b".repeat(20_000),
  long: "a b,".repeat(1_000_000),
  items: Array.from({ length: 1_000 }, (_, x) => ({ x, name: "n".repeat(50) })),
};

function listTemplates(filter: string): string[] {
  const repeat = (from: string, call: string): string =>
    `{% assign l = text %}{% assign s = ${from} %}{% for i in (1..60) %}{% assign s = s | ${call} %}{% endfor %}{{ s }}`;
  return [
    ...LISTS.flatMap((list) => ARGUMENTS.map((more) => `${list}{{ l | ${filter}${more} }}`)),
    ...ARGUMENTS.map((more) => repeat("long", filter + more)),
    repeat("text", `${filter}: s`),
  ];
}

function measure(filter: string): object {
  let slowest = 0;
  for (const template of listTemplates(filter))
    for (const mode of ["interpret", "compile"] satisfies LiquidMode[]) {
      const startedAt = performance.now();
      try {
        const text = createTextCompiler("w", { mode })(template, "steps[0].template.subject");
        // Without the longer limit of a computer that is busy with other work.
        runWithTimeLimit(getMaxRenderMs(), () => text(SCOPE));
      } catch {
        // The limits end most of them.
      }
      slowest = Math.max(slowest, performance.now() - startedAt);
    }
  const peak = process.resourceUsage().maxRSS;
  return { filter, peak_mb: Math.round(peak / 1_024), slowest_ms: Math.round(slowest) };
}

const [filter] = process.argv.slice(2);
console.log(JSON.stringify(filter === undefined ? Object.keys(getLiquid().filters) : measure(filter)));
