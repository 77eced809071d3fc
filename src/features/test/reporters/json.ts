import type { CreateReporter } from "./reporter.js";

/** Prints the document of `--json`. */
export const createJsonReporter: CreateReporter = ({ output }) => ({
  finish: ({ details: _, ...document }) => output.json(document),
});
