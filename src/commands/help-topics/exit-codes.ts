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
    "Use --expect to define which outcomes are failures. With --json, errors also have a code: see `knock help json`.",
  ],
};
