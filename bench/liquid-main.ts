// Measures the CPU time of rendering Liquid templates with liquidjs and as compiled JavaScript, in alternating rounds of one
// process. Prints JSON: for each case the medians in microseconds for one rendering, and for compiling the template.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CompiledText, createTextCompiler, type RenderScope } from "../src/engine/liquid/liquid.js";
import type { LiquidMode } from "../src/engine/liquid/liquid-mode.js";

const [root = ".", rounds = "9"] = process.argv.slice(2);
/** The duration of one round in microseconds of CPU time. */
const ROUND_US = 50_000;
/** Copies of a template whose parsing and first rendering are measured. They differ in their text, because sources are cached. */
const COPIES = 100;

const readFixture = (path: string): string => readFileSync(join(root, "fixtures", path), "utf8");
const { data: order } = JSON.parse(readFixture("collab/payloads/order-placed.json")) as { data: RenderScope };

const PERSON = { id: "ada", name: "Ada Lovelace", email: "ada@example.com", timezone: "Europe/London" };
const SCOPE: RenderScope = {
  ...order,
  data: order,
  page: "Home",
  recipient: PERSON,
  actor: { id: "alan", name: "Alan Turing", email: "alan@example.com" },
  vars: { app_url: "https://app.example.com" },
  workflow: { id: "w", key: "new-comment", name: "New comment" },
  activities: Array.from({ length: 10 }, (_, n) => ({ id: `a${n}`, page: `Page ${n}`, actor: PERSON })),
  total_activities: 10,
};

const TEMPLATES = {
  "text with three outputs":
    "**{{ actor.name }}** commented on {{ page }}\n\nHello {{ recipient.name }}, have a look.\n",
  "digest with a loop of ten":
    "{{ total_activities }} comments{% for a in activities %}\n- {{ a.page }} by {{ a.actor.name | default: 'someone' }}{% endfor %}\n",
  "email body with 13 filters": readFixture("collab/knock/workflows/order-placed/email_1/html_body.html"),
};

const median = (values: number[]): number => [...values].sort((a, b) => a - b)[values.length >> 1] as number;
const round = (value: number): number => Number(value.toPrecision(3));

/** Returns the microseconds of CPU time that a call takes. */
function measure(work: () => void, calls: number): number {
  const before = process.cpuUsage();
  for (let call = 0; call < calls; call++) work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / calls;
}

const compileText = (source: string, mode: LiquidMode): CompiledText =>
  createTextCompiler("bench", { mode })(source, "template");

/** Returns the microseconds for one rendering in a mode, measured in rounds that alternate with those of the other mode. */
function compareRenderings(source: string): Record<"interpret" | "compile", number> {
  const times = { interpret: [] as number[], compile: [] as number[] };
  const modes = ["interpret", "compile"] as const;
  const texts = modes.map((mode) => compileText(source, mode));
  if (texts[0]?.(SCOPE) !== texts[1]?.(SCOPE)) throw new Error("the texts differ");
  const calls = texts.map((text) => {
    measure(() => text(SCOPE), 2_000); // until V8 has compiled it
    return Math.ceil(ROUND_US / measure(() => text(SCOPE), 2_000));
  });
  for (let count = 0; count < Number(rounds); count++)
    for (const [index, mode] of modes.entries())
      times[mode].push(measure(() => texts[index]?.(SCOPE), calls[index] as number));
  return { interpret: median(times.interpret), compile: median(times.compile) };
}

/** Returns the microseconds that compiling a template adds to its first rendering. */
function measureCompilation(source: string): number {
  const differences: number[] = [];
  for (let count = 0; count < Number(rounds); count++) {
    const times = (["interpret", "compile"] as const).map((mode) => {
      let copy = 0;
      const texts = Array.from({ length: COPIES }, () => compileText(`${mode}${count}.${copy++}${source}`, mode));
      return measure(() => texts[--copy]?.(SCOPE), COPIES);
    }) as [number, number];
    differences.push(times[1] - times[0]);
  }
  return median(differences);
}

const rows = Object.entries(TEMPLATES).map(([name, source]) => {
  const { interpret, compile } = compareRenderings(source);
  return {
    case: name,
    liquidjs_us: round(interpret),
    compiled_us: round(compile),
    times_faster: round(interpret / compile),
    first_rendering_us: round(measureCompilation(source)),
  };
});
console.log(JSON.stringify(rows));
