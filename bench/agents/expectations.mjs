// Expectations of the checks of tasks. Each function throws an Error with the reason.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { parse, stringify } from "yaml";
import { editJson, knock, pathOf, readJson, readText, withCopy, withFolder, writeJson, writeText } from "./project.mjs";

const HIDDEN_FILE = "hidden-check.test.json";

export function fail(reason) {
  throw new Error(reason);
}

/** Expects that a command exits with 0. */
export function expectSuccess(folder, ...args) {
  const { code, stdout, stderr } = knock(folder, ...args);
  if (code !== 0) fail(`knock ${args.join(" ")} exits with ${code}:\n${stdout}${stderr}`);
  return stdout;
}

/** Expects that scenarios that the agent has not seen pass. Scenarios are lists of steps by name. */
export function expectBehavior(folder, workflow, scenarios, given = {}) {
  withCopy(folder, (copy) => {
    const path = pathOf(workflow, HIDDEN_FILE);
    const documents = Object.entries(scenarios).map(([name, steps]) => [name, { steps }]);
    writeJson(copy, path, { workflow, given, scenarios: Object.fromEntries(documents) });
    const { code, stdout, stderr } = knock(copy, "test", path, "--quiet");
    if (code !== 0) fail(`the project does not behave as asked:\n${stdout}${stderr}`);
  });
}

/** Expects that the scenarios pass, and that they fail for each fault. A fault changes the copy of a project that it gets. */
export function expectScenariosNotice(folder, paths, faults) {
  const run = (copy) => knock(copy, "test", ...paths, "--quiet");
  withCopy(folder, (copy) => {
    const { code, stdout, stderr } = run(copy);
    if (code !== 0) fail(`the scenarios do not pass:\n${stdout}${stderr}`);
  });
  for (const [name, change] of Object.entries(faults))
    withCopy(folder, (copy) => {
      change(copy);
      const { code, stdout, stderr } = run(copy);
      if (code === 0) fail(`the scenarios also pass with this fault: ${name}`);
      // A scenario that names a step which the fault deletes is reported as invalid.
      if (code !== 1 && code !== 3) fail(`the scenarios cannot run with this fault: ${name}\n${stdout}${stderr}`);
    });
}

/** Expects the same of one file of scenarios in an untouched project, so that other changes do not help. */
export function expectFileNotices(folder, setup, path, faults) {
  if (!existsSync(join(folder, path))) fail(`${path} is missing`);
  const text = readText(folder, path);
  withFolder(setup, (fresh) => {
    writeText(fresh, path, text);
    expectScenariosNotice(fresh, [path], faults);
  });
}

/** Returns a fault that changes a workflow. */
export const inWorkflow = (workflow, change) => (folder) => editJson(folder, pathOf(workflow), change);

function visit(value, change) {
  if (Array.isArray(value)) for (const item of value) visit(item, change);
  else if (typeof value === "object" && value !== null) {
    change(value);
    for (const item of Object.values(value)) visit(item, change);
  }
}

/** Returns a fault that changes each object of a file of scenarios in place. */
export const inScenarios = (path, change) => (folder) => {
  const document = parse(readText(folder, path));
  visit(document, change);
  writeText(folder, path, stringify(document));
};

function normalize(value) {
  if (typeof value === "number") return String(value);
  return /^\d{4}-\d\d-\d\dT/.test(value) ? Date.parse(value) : value;
}

/** Expects the fields of answer.json. A number may be a string, a time may have milliseconds, and lists may be in any order. */
export function expectAnswer(folder, expected) {
  if (!existsSync(join(folder, "answer.json"))) fail("answer.json is missing");
  const answer = readJson(folder, "answer.json");
  const compare = (actual, wanted, path) => {
    if (Array.isArray(wanted)) {
      const sorted = Array.isArray(actual) ? [...actual].sort() : actual;
      if (!isDeepStrictEqual(sorted, [...wanted].sort())) fail(`${path} is wrong: ${JSON.stringify(actual)}`);
    } else if (typeof wanted === "object" && wanted !== null)
      for (const [key, value] of Object.entries(wanted)) compare(actual?.[key], value, `${path}.${key}`);
    else if (!isDeepStrictEqual(normalize(actual), normalize(wanted)))
      fail(`${path} is wrong: ${JSON.stringify(actual)}`);
  };
  compare(answer, expected, "answer");
}
