import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import { toProjectPaths } from "../host.js";
import type { Tool } from "../tool.js";
import { flagField, textField } from "./fields.js";

/** Returns whether a word is the key of a workflow and not a path, as `knock test` accepts both. */
const isKey = (word: string): boolean => /^[\w-]+$/.test(word);

/** Removes the scenarios that passed, and the files that have no others, because a session has no room for them. */
function removePassed(text: string): string {
  const lines = text.split("\n").filter((line) => !line.startsWith("  ✓ "));
  const isFile = (line: string | undefined): boolean => /\.test\.(?:ya?ml|json)$/.test(line ?? "");
  return lines.filter((line, index) => !isFile(line) || lines[index + 1]?.startsWith("  ")).join("\n");
}

export const runScenarios: Tool = {
  name: "run_scenarios",
  title: "Run scenarios",
  description:
    "Run the scenarios of *.test.yaml files, each with its own data and clock. Returns failed expectations with file, line, expected and actual values. ok is false if one fails. For the format with an example, read docs page guide/test-workflows; all fields: reference/files/scenarios-yaml.",
  input: () => ({
    paths: z.optional(described(z.array(z.string()), "Files, folders or workflow keys (default: all).")),
    filter: textField("Only scenarios whose name contains this text."),
    coverage: flagField("List steps, branches and conditions that no scenario reached."),
    mutate: flagField("Change workflows one fault at a time, and list faults that no scenario notices. Slow."),
    update: flagField("Write snapshots."),
  }),
  documents: ["test"],
  effect: "write",
  async run({ paths = [], filter, coverage, mutate, update }, { host, runText }) {
    const words = (paths as string[]).map(String);
    const files = await toProjectPaths(
      words.filter((word) => !isKey(word)),
      host,
    );
    const outcome = await runText({
      words: ["test"],
      options: {
        filter: filter === undefined ? undefined : String(filter),
        coverage: coverage === true,
        mutate: mutate === true,
        update: update === true,
      },
      arguments: [...words.filter(isKey), ...files],
    });
    return { ...outcome, text: removePassed(outcome.text) };
  },
};
