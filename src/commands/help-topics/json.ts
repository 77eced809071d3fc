import type { HelpTopic } from "./help-topic.js";

export const json: HelpTopic = {
  summary: "The output of --json, for scripts",
  page: "docs/reference/json-output.md",
  buildBlocks: () => [
    "Every command except help has --json. Standard output then contains only the result, as one JSON document. Notes, warnings and progress are written to standard error.",
    [
      [
        "errors",
        'The last line of standard error is {"error":{"code","message","hint","details","docs"}}. Scripts can rely on "code" and on the exit code, and must not rely on the text.',
      ],
      [
        "lists",
        'A list is {"items":[…],"page_info":{"after","before","page_size"}}. Pass page_info.after to --after to read the next page.',
      ],
      ["lines", "notify with a JSON Lines file, worker and dev print one document per line."],
      ["times", "Times are in UTC, in ISO 8601, on the clock of the store."],
      ["null", 'On the remote target, "recipients" and "summary" of notify are null without --wait.'],
    ],
    "Later versions may add properties. Ignore properties that you do not know. -q prints only IDs, which is often enough for a shell script.",
  ],
};
