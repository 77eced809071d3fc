// Checks which rules of the engine catalog (docs/internals/catalog/engine.md) a test names, by exact ID; a range in a title
// counts only for its two ends. Fails for a rule that is neither tested nor listed in exceptions.json, for an outdated
// exception, and if the state column does not match the lists. `--write-states` writes that column.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const REFERENCE = "docs/internals/catalog";
const CATALOG = join(REFERENCE, "engine.md");
const EXCEPTIONS = join(REFERENCE, "exceptions.json");
/** The minimum number of rules. If fewer are read, the catalog's format has changed and the check does not work. */
const MIN_RULES = 400;
const STATES = ["implemented", "partly", "not"];

const RULE_ROW = /^\| ((?:E|F)-\d{3}) \|/;

function listFiles(folder) {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? listFiles(path) : [path];
  });
}

/** Returns the rule IDs, each with the section that contains it. */
function readRules(markdown) {
  const rules = new Map();
  let section = "";
  for (const line of markdown.split("\n")) {
    if (/^#{2,3} /.test(line)) section = line.replace(/^#+ /, "");
    const id = RULE_ROW.exec(line)?.[1];
    if (id !== undefined) rules.set(id, section);
  }
  return rules;
}

/**
 * Returns the IDs in titles, tables and checks. Comments do not count, because they may name cases that are left out.
 */
function collectTestedIds() {
  const ids = new Set();
  for (const file of listFiles("test")) {
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

function getState(id, { no_test, not_yet, partly }) {
  if (id in partly) return "partly";
  if (id in not_yet) return "not";
  return no_test[id]?.state ?? "implemented";
}

/**
 * Returns the catalog with a last column `state` in every table of rules. Cells may contain escaped pipes, except the
 * last one.
 */
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
      return id === undefined ? `${bare}---|` : `${bare} ${getState(id, exceptions)} |`;
    })
    .join("\n");
}

const catalog = readFileSync(CATALOG, "utf8");
const rules = readRules(catalog);
const exceptions = JSON.parse(readFileSync(EXCEPTIONS, "utf8"));
const tested = collectTestedIds();
const expected = withStates(catalog, exceptions);

if (process.argv.includes("--write-states")) {
  writeFileSync(CATALOG, expected);
  console.log(`${CATALOG}: states written`);
  process.exit(0);
}

const faults = checkExceptions(exceptions, rules, tested);
if (rules.size < MIN_RULES) faults.push(`only ${rules.size} rules read from ${CATALOG}: the check did not work`);
if (expected !== catalog)
  faults.push(`${CATALOG}: states are out of date; run node scripts/rule-coverage.mjs --write-states`);

const ids = [...rules.keys()];
const named = ids.filter((id) => tested.has(id));
const untested = ids.filter((id) => !tested.has(id) && !(id in exceptions.no_test) && !(id in exceptions.not_yet));
const states = ids.map((id) => getState(id, exceptions));
const count = (state) => states.filter((current) => current === state).length;

console.log(`${named.length} of ${ids.length} engine rules are named by a test`);
console.log(`${Object.keys(exceptions.no_test).length} need none, by exception`);
console.log(`states: ${STATES.map((state) => `${count(state)} ${state}`).join(", ")}`);
const format = [...readRules(readFileSync(join(REFERENCE, "workflow-format.md"), "utf8")).keys()];
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
