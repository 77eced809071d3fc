import { EXIT } from "../../errors/error-codes.js";
import { EXIT_CODE_MEANINGS } from "../../errors/exit-code-meanings.js";
import { type HelpTopic, toPlainText } from "./help-topic.js";

export const exitCodes: HelpTopic = {
  summary: "Exit codes of commands",
  page: "docs/reference/exit-codes.md",
  buildBlocks: () => [
    (Object.keys(EXIT) as (keyof typeof EXIT)[]).map((name) => [
      String(EXIT[name]),
      toPlainText(EXIT_CODE_MEANINGS[name]),
    ]),
    "Use --expect to decide yourself which outcome is a failure. Errors also have a code in --json: see `knock help json`.",
  ],
};
