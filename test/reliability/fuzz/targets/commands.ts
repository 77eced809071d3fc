import { readFileSync } from "node:fs";
import { relative } from "node:path";
import type { Option } from "commander";
import fc from "fast-check";
import { EXIT } from "../../../../src/errors/error-codes.js";
import type { Json } from "../../../../src/util/json.js";
import { arbitraryChange } from "../../../helpers/json-arbitraries.js";
import { listLeaves, loadCommands } from "../../../helpers/load-commands.js";
import { runInProcess } from "../../../helpers/run-in-process.js";
import { createSample, type Sample } from "../../../helpers/run-knock.js";
import { checkPrintable, type FuzzTarget } from "../fuzz-target.js";
import { hostileText, hostileValue, textChange } from "../hostile-values.js";
import { listSampleFiles, SAMPLES_FOLDER } from "../project-documents.js";

interface CommandInput {
  args: string[];
  input: string | null;
  /** A file of the project with its changed text, or null. */
  file: { path: string; text: string } | null;
}

/** Commands that wait, and those that would leave the project's folder or the machine. */
const EXCLUDED = /^(?:dev|serve|worker|mcp|completion|auth|help|store (?:copy|migrate)|doctor|init)\b/;
const EXCLUDED_OPTIONS =
  /^--(?:watch|follow|open|store|project|knock-dir|base-url|remote|target|wait|rate|concurrency|workers|ca-file|since)$/;

/** Values of arguments and options. None of them has a slash, so that no file outside of the project is written. */
const KNOWN_VALUES = (
  "ada grace alan projects p1 acme new-comment welcome invite order-placed storage-low email_1 in_app_feed_1 in-app-feed billing " +
  'default first-page 1 0 50 1h now next json text text,json email sent=1 failed=0 read data.json {} [] {"page":"Home"} page=x a:=1 ' +
  "2030-01-01T00:00:00Z 2030-01-01 @data.json - none users"
).split(" ");
const value = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...KNOWN_VALUES) },
  { weight: 1, arbitrary: hostileText.map((text) => text.replaceAll("/", "_").replaceAll("\0", "").slice(0, 500)) },
);

function arbitraryOption(option: Option): fc.Arbitrary<string[]> {
  const name = option.long ?? option.short ?? "";
  if (option.isBoolean()) return fc.constant([name]);
  const choices = option.argChoices === undefined ? value : fc.oneof(fc.constantFrom(...option.argChoices), value);
  return choices.map((text) => [name, text]);
}

const leaves = listLeaves(await loadCommands()).filter(({ words }) => !EXCLUDED.test(words.join(" ")));
const knownArgs = fc.oneof(
  ...leaves.map(({ words, command }) => {
    const options = command.options.filter(({ long }) => !EXCLUDED_OPTIONS.test(long ?? ""));
    const count = command.registeredArguments.length;
    return fc
      .tuple(
        fc.array(value, { minLength: Math.max(0, count - 1), maxLength: count + 1 }),
        fc.array(fc.oneof(...(options.length > 0 ? options.map(arbitraryOption) : [fc.constant(["--json"])])), {
          maxLength: 4,
        }),
      )
      .map(([positional, flags]) => [...words, ...positional, ...flags.flat()]);
  }),
);

/** Commands that read the whole project. */
const READING_COMMANDS = [
  ["validate"],
  ["validate", "--json"],
  ["validate", "--emails"],
  ["validate", "--format", "sarif"],
  ["validate", "--format", "github"],
  ["validate", "--format", "gitlab"],
  ["test"],
  ["test", "--json"],
  ["test", "--reporter", "junit"],
  ["workflows"],
  ["types"],
  ["preview", "new-comment", "--all", "-r", "ada", "-a", "alan", "--set", "page=Home"],
  ["notify", "new-comment", "-r", "ada,grace", "-a", "alan", "--set", "page=Home"],
  ["notify", "storage-low", "-r", "ada", "--set", "used=1", "--json"],
  ["broadcasts", "list"],
  ["sources", "send", "billing", "--data", '{"type":"plan.changed","id":"e1","account":{"id":"acme"}}'],
  ["forecast"],
];

const collab = listSampleFiles()
  .map((path) => ({ path: relative(`${SAMPLES_FOLDER}/collab`, path), full: path }))
  .filter(({ path }) => !path.startsWith("..") && /\.\w+$/.test(path))
  .map(({ path, full }) => ({ path, text: readFileSync(full, "utf8") }));
const jsonChange = arbitraryChange(
  hostileValue("type", "steps", "ref", "conditions", "template", "channel_key", "data"),
);
const file = fc
  .tuple(fc.constantFrom(...collab), jsonChange, textChange(), fc.nat(3))
  .map(([{ path, text }, changeJson, changeText, kind]) => ({
    path,
    text:
      path.endsWith(".json") && kind > 0
        ? JSON.stringify(changeJson(JSON.parse(text) as Json), null, 2)
        : changeText(text),
  }));
const inputs = fc.oneof(
  fc.record({ args: fc.constantFrom(...READING_COMMANDS), input: fc.constant(null), file }),
  fc.record({
    args: fc.oneof({ weight: 6, arbitrary: knownArgs }, fc.array(value, { maxLength: 4 })),
    input: fc.oneof(fc.constant(null), fc.constantFrom("", "{}", '{"recipients":["ada"]}\n', "id\nada\n"), hostileText),
    file: fc.constant(null),
  }),
) as fc.Arbitrary<CommandInput>;

const EXIT_CODES: ReadonlySet<number | undefined> = new Set(Object.values(EXIT));
/** The runs of commands after which they get a new project, because its store grows. */
const RUNS_PER_PROJECT = 300;

/** Commands of a project with hostile arguments, standard input or files, in this process. */
export const commandsTarget: FuzzTarget<CommandInput> = {
  name: "commands",
  runs: 4_000,
  shortRuns: 40,
  maxMilliseconds: 8_000,
  inputs,
  async open() {
    let sample: Sample = createSample("collab");
    let count = 0;
    return {
      async check({ args, input, file: changed }) {
        if (++count % RUNS_PER_PROJECT === 0) {
          sample.remove();
          sample = createSample("collab");
        }
        const { dir, home } = sample;
        const original = changed === null ? null : sample.read(changed.path);
        if (changed !== null) sample.write(changed.path, changed.text);
        try {
          const env = {
            HOME: home,
            XDG_CONFIG_HOME: `${home}/.config`,
            XDG_CACHE_HOME: `${home}/.cache`,
            XDG_DATA_HOME: `${home}/.local`,
          };
          const { stdout, stderr, exitCode } = await runInProcess({ args, cwd: dir, env, input: input ?? undefined });
          if (!EXIT_CODES.has(exitCode) || exitCode === EXIT.internal) throw new Error(`exit ${exitCode}\n${stderr}`);
          if (!args.includes("--raw")) checkPrintable(stdout);
          checkPrintable(stderr);
        } finally {
          if (changed !== null) sample.write(changed.path, original as string);
        }
      },
      async close() {
        sample.remove();
      },
    };
  },
};
