import * as z from "zod/mini";
import { described } from "../../../domain/schema/fields.js";
import type { Tool } from "../tool.js";
import { flagField } from "./fields.js";

export const validate: Tool = {
  name: "validate",
  title: "Validate files",
  description:
    "Check the project's files offline: schemas, templates, undefined variables, missing translations. Returns findings with file, line, column and fix. ok is false if there are errors. Use it after each change of a file.",
  input: () => ({
    workflows: z.optional(described(z.array(z.string()), "Keys of workflows (default: all files).")),
    strict: flagField("Treat warnings as errors."),
    emails: flagField("Also check the HTML of rendered emails."),
  }),
  documents: ["validate"],
  effect: "read",
  run: ({ workflows = [], strict, emails }, { runText }) =>
    runText({
      words: ["validate"],
      options: { strict: strict === true, emails: emails === true },
      arguments: (workflows as unknown[]).map(String),
    }),
};
