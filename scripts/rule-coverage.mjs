// Which rules of the engine catalogue (docs/reference/engine.md) a test names, by exact id: a range in a title counts for
// its two ends. Fails on a rule that is neither tested nor excepted in exceptions.json, on an exception that is out of
// date, and on a state column that does not say what the lists say. `--write-states` writes that column.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REFERENCE = "docs/reference";
const CATALOGUE = join(REFERENCE, "engine.md");
const EXCEPTIONS = join(REFERENCE, "exceptions.json");
/** Fewer rules than this were read: the catalogue's form changed and the check sees nothing. */
const MIN_RULES = 400;
const STATES = ["implemented", "partly", "not"];

const RULE_ROW = /^\| ((?:E|F)-\d{3}) \|/;

function filesUnder(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesUnder(path) : [path];
  });
}

/** Rule ids with the section each stands in. */
function rulesOf(markdown) {
  const rules = new Map();
  let section = "";
  for (const line of markdown.split("\n")) {
    if (/^#{2,3} /.test(line)) section = line.replace(/^#+ /, "");
    const id = RULE_ROW.exec(line)?.[1];
    if (id !== undefined) rules.set(id, section);
  }
  return rules;
}

/** Ids in titles, tables and checks. Lines of comment do not count: that is where cases left out are told of. */
function idsNamedInTests() {
  const ids = new Set();
  for (const file of filesUnder("test")) {
    for (const line of readFileSync(file, "utf8").split("\n")) {
      if (/^\s*(\/\/|\/?\*)/.test(line)) continue;
      for (const [id] of line.matchAll(/(?<![\w-])[EF]-\d{3}(?!\d)/g)) ids.add(id);
    }
  }
  return ids;
}

function checkExceptions({ no_test, not_yet, partly }, rules, tested) {
  const faults = [];
  const seen = new Set();
  for (const [list, entries] of Object.entries({ no_test, not_yet, partly })) {
    for (const [id, entry] of Object.entries(entries)) {
      const reason = list === "no_test" ? entry.reason : entry;
      if (!rules.has(id)) faults.push(`${list} ${id}: there is no such rule`);
      if (seen.has(id)) faults.push(`${list} ${id}: stands in two lists`);
      if (typeof reason !== "string" || reason === "") faults.push(`${list} ${id}: gives no reason`);
      if (list === "no_test" && !STATES.includes(entry.state))
        faults.push(`${list} ${id}: state is none of ${STATES.join(", ")}`);
      if (list === "partly" && !tested.has(id)) faults.push(`${list} ${id}: no test names it`);
      if (list !== "partly" && tested.has(id))
        faults.push(`${list} ${id}: a test names it; take it out, or move it to "partly"`);
      seen.add(id);
    }
  }
  return faults;
}

function stateOf(id, { no_test, not_yet, partly }) {
  if (id in partly) return "partly";
  if (id in not_yet) return "not";
  return no_test[id]?.state ?? "implemented";
}

/** The catalogue with a last column `state` in every table of rules. Cells may hold escaped pipes; the last one holds none. */
function withStates(markdown, exceptions) {
  const lines = markdown.split("\n");
  let inRules = false;
  let hasState = false;
  return lines
    .map((line, index) => {
      if (!line.startsWith("|")) {
        inRules = false;
        return line;
      }
      if (line.startsWith("| id |")) {
        inRules = RULE_ROW.test(lines[index + 2] ?? "");
        hasState = line.endsWith("| state |");
        return inRules && !hasState ? `${line} state |` : line;
      }
      if (!inRules) return line;
      const bare = hasState ? line.replace(/[^|]*\|$/, "") : line;
      const id = RULE_ROW.exec(line)?.[1];
      return id === undefined ? `${bare}---|` : `${bare} ${stateOf(id, exceptions)} |`;
    })
    .join("\n");
}

const catalogue = readFileSync(CATALOGUE, "utf8");
const rules = rulesOf(catalogue);
const exceptions = JSON.parse(readFileSync(EXCEPTIONS, "utf8"));
const tested = idsNamedInTests();
const expected = withStates(catalogue, exceptions);

if (process.argv.includes("--write-states")) {
  writeFileSync(CATALOGUE, expected);
  console.log(`${CATALOGUE}: states written`);
  process.exit(0);
}

const faults = checkExceptions(exceptions, rules, tested);
if (rules.size < MIN_RULES) faults.push(`only ${rules.size} rules read from ${CATALOGUE}: the check did not work`);
if (expected !== catalogue)
  faults.push(`${CATALOGUE}: states are out of date; run node scripts/rule-coverage.mjs --write-states`);

const ids = [...rules.keys()];
const named = ids.filter((id) => tested.has(id));
const untested = ids.filter((id) => !tested.has(id) && !(id in exceptions.no_test) && !(id in exceptions.not_yet));
const states = ids.map((id) => stateOf(id, exceptions));
const count = (state) => states.filter((one) => one === state).length;

console.log(`${named.length} of ${ids.length} engine rules are named by a test`);
console.log(`${Object.keys(exceptions.no_test).length} need none, by exception`);
console.log(`states: ${STATES.map((state) => `${count(state)} ${state}`).join(", ")}`);
const format = [...rulesOf(readFileSync(join(REFERENCE, "workflow-format.md"), "utf8")).keys()];
console.log(
  `for information: ${format.filter((id) => tested.has(id)).length} of ${format.length} format rules are named`,
);

const notYet = Object.entries(exceptions.not_yet);
if (notYet.length > 0) {
  console.warn(`warning: ${notYet.length} rules are not implemented yet`);
  for (const [id, reason] of notYet) console.warn(`  ${id} ${reason}`);
}
if (untested.length > 0) {
  console.error(`${untested.length} rules without a test:`);
  for (const section of new Set(untested.map((id) => rules.get(id))))
    console.error(`  ${section}: ${untested.filter((id) => rules.get(id) === section).join(" ")}`);
}
for (const fault of faults) console.error(fault);
process.exit(untested.length + faults.length > 0 ? 1 : 0);
