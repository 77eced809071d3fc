// Changes the source in small ways, one at a time, and counts the changes that no test notices. Names of areas limit it to
// these. --save writes their scores to bench/results/mutation.json, with the machine and the date, and keeps those of the others.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { arch, cpus, platform, tmpdir } from "node:os";
import { join, relative } from "node:path";
import { parseArgs } from "node:util";
import { AREAS } from "./mutation/areas.mjs";
import { installTools } from "./tools.mjs";

const ROOT = join(import.meta.dirname, "..");
const RESULTS = join(ROOT, "bench/results/mutation.json");
const MAX_MINUTES = 120;
const { values: flags, positionals } = parseArgs({ options: { save: { type: "boolean" } }, allowPositionals: true });

const tools = await installTools("mutation");
const folder = mkdtempSync(join(tmpdir(), "knock-mutation-"));
process.once("exit", () => rmSync(folder, { recursive: true, force: true }));

/** Runs the mutation tests of an area. Returns the mutants of Stryker's report, with their files. */
function runStryker(name) {
  const { sources, tests } = AREAS[name];
  const config = join(folder, `${name}.json`);
  const report = join(folder, `${name}-report.json`);
  writeFileSync(
    config,
    JSON.stringify({
      testRunner: "vitest",
      plugins: [
        join(tools, "node_modules/@stryker-mutator/vitest-runner/dist/src/index.js"),
        join(ROOT, "scripts/mutation/ignore-descriptions.mjs"),
      ],
      ignorers: ["descriptions"],
      vitest: { configFile: "scripts/mutation/vitest.config.ts", related: false },
      // Schemas are built once in a process, so a changed one would be seen by the first test only. Tests of valid and
      // invalid documents cover them.
      mutate: [sources, "!**/*-schema.ts"],
      // A mutant of a constant needs a new process for each test. Tests of the constants' values would repeat them.
      ignoreStatic: true,
      coverageAnalysis: "perTest",
      concurrency: cpus().length,
      // On a busy machine, a shorter limit would count slow tests as detected changes.
      timeoutMS: 15_000,
      reporters: ["json", "progress-append-only"],
      jsonReporter: { fileName: report },
      tempDirName: join(folder, "sandbox"),
    }),
  );
  const { status } = spawnSync(process.execPath, [join(tools, "node_modules/.bin/stryker"), "run", config], {
    cwd: ROOT,
    stdio: "inherit",
    timeout: MAX_MINUTES * 60_000,
    env: { ...process.env, KNOCK_MUTATION_TESTS: tests.join(" ") },
  });
  if (status !== 0) throw new Error(`the mutation tests of ${name} ended with ${status}`);
  return Object.entries(JSON.parse(readFileSync(report, "utf8")).files).flatMap(([file, { source, mutants }]) =>
    mutants.map((mutant) => ({ ...mutant, file: relative(ROOT, file), source })),
  );
}

/** Returns a survivor as a line: its place, and the source before and after the change. */
function describeSurvivor({ file, location, replacement, source }) {
  const { start, end } = location;
  const lines = source.split("\n").slice(start.line - 1, end.line);
  lines.push(lines.pop().slice(0, end.column - 1));
  const original = [lines[0].slice(start.column - 1), ...lines.slice(1)].join("\n");
  const shorten = (text) => text.replaceAll(/\s+/g, " ").slice(0, 80);
  return `${file}:${start.line}:${start.column} ${shorten(original)} → ${shorten(replacement)}`;
}

/** Adds the result of an area to the saved ones. */
function saveResult(name, result) {
  const machine = `${cpus().length} × ${cpus()[0]?.model ?? arch()}, ${platform()}, Node ${process.versions.node}`;
  const date = new Date().toISOString().slice(0, 10);
  const saved = existsSync(RESULTS) ? JSON.parse(readFileSync(RESULTS, "utf8")) : {};
  writeFileSync(RESULTS, `${JSON.stringify({ ...saved, [name]: { date, machine, ...result } }, null, 2)}\n`);
}

for (const name of positionals.length > 0 ? positionals : Object.keys(AREAS)) {
  const mutants = runStryker(name);
  const count = (...statuses) => mutants.filter(({ status }) => statuses.includes(status)).length;
  const detected = count("Killed", "Timeout");
  const undetected = count("Survived", "NoCoverage");
  const survivors = mutants.filter(({ status }) => status === "Survived" || status === "NoCoverage");
  const score = Math.round((1_000 * detected) / (detected + undetected)) / 10;
  for (const survivor of survivors) console.log(describeSurvivor(survivor));
  console.log(`${name}: ${score} % of ${detected + undetected} mutants are detected`);
  if (flags.save) saveResult(name, { score, detected, undetected, ignored: count("Ignored") });
}
