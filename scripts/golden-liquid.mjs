// Runs the public golden-liquid suite (https://github.com/jg-rp/golden-liquid, MIT, not part of this repository) through the
// engine's Liquid, not compiled and compiled to JavaScript, and through plain liquidjs, and prints where they differ from the suite:
//   node scripts/golden-liquid.mjs [path or URL of golden_liquid.json] [--verbose] [--group <text>]
// Without a path, the measured version of the suite is downloaded.
// Every failure that remains has its reason in docs/decisions/0027-standard-liquid-and-compiled-templates.md.
import { mkdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { Liquid } from "liquidjs";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
/** The commit whose results are in docs/decisions/0027-standard-liquid-and-compiled-templates.md. */
const SUITE_URL =
  "https://raw.githubusercontent.com/jg-rp/golden-liquid/389a2987d14b218f2c04b25ac5670ed1fdcad0e8/golden_liquid.json";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: { verbose: { type: "boolean", default: false }, group: { type: "string", default: "" } },
});
const [location = SUITE_URL] = positionals;
const { verbose, group: wanted } = values;

async function readSuite() {
  if (!/^https?:\/\//.test(location)) return JSON.parse(readFileSync(location, "utf8"));
  const response = await fetch(location);
  if (!response.ok) throw new Error(`${location} returned ${response.status}`);
  return response.json();
}

/** Bundles the engine's Liquid as the command contains it, without its packages. */
async function loadEngine() {
  const outfile = join(root, "node_modules", ".cache", "golden-liquid.mjs");
  mkdirSync(dirname(outfile), { recursive: true });
  await build({
    stdin: {
      contents: `
        export { compilePartial, createTextCompiler, parseText } from "./liquid.ts";
        export { setLiquidMode } from "./liquid-mode.ts";
        export { canCompile } from "./render-templates.ts";`,
      resolveDir: join(root, "src/engine/liquid"),
    },
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node20.18",
    outfile,
    logLevel: "warning",
    packages: "external",
  });
  return import(pathToFileURL(outfile).href);
}

const { canCompile, compilePartial, createTextCompiler, parseText, setLiquidMode } = await loadEngine();

function renderHere({ template, data = {}, templates = {} }, mode = "interpret") {
  setLiquidMode(mode);
  const partials = new Map(
    Object.entries(templates).map(([key, content]) => [
      key,
      compilePartial({ key, type: "text", content, input_schema: [] }),
    ]),
  );
  return createTextCompiler("golden", { partials })(template, "template")(structuredClone(data));
}

function renderPlain({ template, data = {}, templates = {} }) {
  const liquid = new Liquid({ templates, strictFilters: true, ownPropertyOnly: true, locale: "en", timezoneOffset: 0 });
  return liquid.parseAndRenderSync(template, structuredClone(data));
}

/** Returns whether a renderer passes a case, with a description of its result. */
function outcome(render, test) {
  let text;
  try {
    text = render(test);
  } catch (error) {
    return { passed: test.invalid === true, did: `error: ${String(error.message).split("\n")[0]}` };
  }
  const expected = test.results ?? [test.result];
  return { passed: test.invalid !== true && expected.includes(text), did: JSON.stringify(text) };
}

/** Renders a case as compiled JavaScript. Prints a different result than that of liquidjs. */
function compareCompiled(test, { did }) {
  const compiled = outcome((each) => renderHere(each, "compile"), test).did;
  if (compiled === did) return true;
  console.error(`${test.name}: compiled ${compiled}, not compiled ${did}`);
  return false;
}

/** Returns the group of a case: `tags, for, reversed` → `tags, for`. */
const getGroup = ({ name }) => name.split(",").slice(0, 2).join(",");

const { tests } = await readSuite();
const counts = { "here and liquidjs": 0, "here only": 0, "liquidjs only": 0, neither: 0 };
/** The failures of this engine by group. */
const failures = new Map();
let [compilable, different] = [0, 0];
for (const test of tests.filter(({ name }) => name.includes(wanted))) {
  const here = outcome((each) => renderHere(each), test);
  const templates = parseText(test.template);
  if (templates !== null && canCompile(templates)) compilable++;
  if (!compareCompiled(test, here)) different++;
  const plain = outcome(renderPlain, test);
  const where = here.passed
    ? plain.passed
      ? "here and liquidjs"
      : "here only"
    : plain.passed
      ? "liquidjs only"
      : "neither";
  counts[where]++;
  if (here.passed) continue;
  const group = getGroup(test);
  failures.set(group, [...(failures.get(group) ?? []), { test, here, plain }]);
}

const total = Object.values(counts).reduce((sum, count) => sum + count, 0);
const passed = counts["here and liquidjs"] + counts["here only"];
console.log(
  `${passed} of ${total} cases pass here, ${counts["here and liquidjs"] + counts["liquidjs only"]} in plain liquidjs`,
);
console.log(
  `  pass here only: ${counts["here only"]}, in liquidjs only: ${counts["liquidjs only"]}, in neither: ${counts.neither}`,
);
console.log(`  ${compilable} can be compiled to JavaScript, ${different} render differently when compiled`);
if (different > 0) process.exitCode = 1;
for (const [group, cases] of [...failures].sort(([, a], [, b]) => b.length - a.length)) {
  const ours = cases.filter(({ plain }) => plain.passed).length;
  const origin =
    ours === 0 ? "liquidjs" : ours === cases.length ? "engine" : `${ours} engine, ${cases.length - ours} liquidjs`;
  console.log(`\n${group}: ${cases.length} (from: ${origin})`);
  for (const { test, here, plain } of cases) {
    console.log(`  ${plain.passed ? "E" : "L"} ${test.name}`);
    if (!verbose) continue;
    const expected = test.invalid ? "an error" : JSON.stringify(test.results ?? test.result);
    console.log(`      template ${JSON.stringify(test.template)}`);
    if (test.data) console.log(`      data ${JSON.stringify(test.data)}`);
    if (test.templates) console.log(`      templates ${JSON.stringify(test.templates)}`);
    console.log(`      expected ${expected}\n      here ${here.did}\n      liquidjs ${plain.did}`);
  }
}
