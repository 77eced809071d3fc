// Runs the evaluation of coding agents: see README.md.
import { mkdirSync, readdirSync } from "node:fs";
import { withFolder } from "./project.mjs";
import { solutions } from "./solutions.mjs";
import { tasks } from "./tasks.mjs";

const USAGE = "usage: run.mjs list | prompt <n> | setup <n> <folder> | check <n> <folder> | verify [<n>]";

function fail(text) {
  console.error(text);
  process.exit(2);
}

const findTask = (word) => tasks[Number(word) - 1] ?? tasks.find(({ id }) => id === word) ?? fail(USAGE);

/** Returns the reason why a project is not as the task wants it, or null. */
function findReason(task, folder) {
  try {
    task.check(folder);
    return null;
  } catch (error) {
    return error.message;
  }
}

/** Applies a solution to an untouched project, and returns the reason why its result is rejected, or null. */
const trySolution = (task, apply) =>
  withFolder(task.setup, (folder) => {
    apply(folder);
    return findReason(task, folder);
  });

/** Returns the problems of a task: it must reject the untouched project and wrong solutions, and accept the right one. */
function verify(task) {
  const { right, wrong = {} } = solutions[task.id];
  const problems = [];
  const rejected = Object.entries({ "an untouched project": () => {}, ...wrong });
  for (const [name, apply] of rejected) {
    const reason = trySolution(task, apply);
    if (reason === null) problems.push(`accepts ${name}`);
    else if (process.argv.includes("--reasons"))
      console.log(`  ${name}: ${reason.trim().split("\n").slice(0, 4).join(" | ")}`);
  }
  const reason = trySolution(task, right);
  if (reason !== null) problems.push(`rejects the reference solution: ${reason}`);
  return { problems, rejected: rejected.length };
}

const [command, word, folder] = process.argv.slice(2);

if (command === "list") {
  for (const [index, { id, title }] of tasks.entries()) console.log(`${index + 1}\t${id}\t${title}`);
} else if (command === "prompt" && word !== undefined) {
  console.log(findTask(word).prompt);
} else if (command === "setup" && folder !== undefined) {
  mkdirSync(folder, { recursive: true });
  if (readdirSync(folder).length > 0) fail(`${folder} is not empty`);
  findTask(word).setup(folder);
} else if (command === "check" && folder !== undefined) {
  const reason = findReason(findTask(word), folder);
  console.log(reason ?? "ok");
  process.exitCode = reason === null ? 0 : 1;
} else if (command === "verify") {
  const isNamed = word !== undefined && !word.startsWith("--");
  for (const task of isNamed ? [findTask(word)] : tasks) {
    const { problems, rejected } = verify(task);
    console.log(`${problems.length === 0 ? "ok" : "FAILED"} ${task.id} (${rejected} rejected)`);
    for (const problem of problems) console.log(`  ${problem}`);
    if (problems.length > 0) process.exitCode = 1;
  }
} else fail(USAGE);
