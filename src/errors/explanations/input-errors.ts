import type { ErrorExplanation } from "./error-explanation.js";

/** Errors in flags and input (exit code 2). */
export const INPUT_ERRORS = {
  usage: {
    meaning: "A command, argument, flag or setting isn't valid.",
    causes: [
      "A command or flag is misspelled, or belongs to another command.",
      "Two flags contradict each other, such as `--local` and `--remote`.",
      "A value doesn't have the expected form: a duration (`15m`), a time (ISO 8601), an ID or `path=value`.",
      "A file that a flag names doesn't exist or can't be read.",
      "An ID prefix matches several runs or messages.",
    ],
    fix: [
      "Run the command with `--help` to see its arguments, flags and examples.",
      "Quote values that contain spaces, `>` or JSON: `--data '{\"page\":\"Home\"}'`, `--expect 'sent>=2'`.",
      "Write the workflow key before flags that take several values, such as `--recipients`.",
      "Run `knock config list` if the value comes from a setting. It shows where each setting comes from.",
    ],
  },
  invalid_json: {
    meaning: "A flag, a file or standard input doesn't contain valid JSON.",
    causes: [
      "The shell removed the double quotes, because the JSON isn't in single quotes.",
      "The text has single quotes, a comma after the last item, or a comment.",
      "A JSON Lines file is read as one document, or one document as JSON Lines.",
    ],
    fix: [
      "Go to the line and column in the message.",
      'Put JSON in single quotes: `--data \'{"page":"Home"}\'`.',
      "Put larger JSON in a file: `--data @data.json`.",
      "Use `--set page=Home` for single values, without JSON.",
      "Add `--format jsonl` if each line of the file is one trigger.",
    ],
  },
  invalid_params: {
    meaning: "The payload is valid JSON, but a value in it isn't allowed. Nothing was changed.",
    causes: [
      "The trigger data doesn't match the workflow's `trigger_data_json_schema`.",
      "A property is misspelled, is missing, or has the wrong type.",
      "`recipients` is empty or contains invalid entries.",
      "The API rejected the request (HTTP 400 or 422).",
    ],
    fix: [
      "Change the value that the message names. `data.page` is the property `page` of the trigger's data.",
      "Run `knock workflows show <key>` to see the data that a workflow expects.",
      "Run the command with `--dry-run` to see the request without sending it.",
      "Use `:=` for numbers and booleans: `--set count:=3`. With `=`, the value is text.",
    ],
  },
  payload_too_large: {
    meaning: "The input is larger than the limit.",
    causes: [
      "A trigger is larger than 10 MB, including recipients and attachments.",
      "Standard input is too large to be read as one document.",
      "A file for `--all-or-nothing` is too large to be checked as a whole.",
      "The API rejected the request because of its size (HTTP 413).",
    ],
    fix: [
      "Send links instead of large attachments.",
      "Put recipients into several triggers, one per line: `knock notify --file triggers.jsonl`.",
      "Omit `--all-or-nothing`, or split the file.",
    ],
  },
  channel_invalid: {
    meaning: "A channel can't be used for this purpose, or no channel has this ID.",
    causes: [
      "The channel has another type. Feeds need an in-app channel, and guides need an in-app guide channel.",
      "A channel ID (a UUID) belongs to no channel that `environment.json` declares.",
    ],
    fix: [
      "Use one of the channels that the message lists.",
      'Declare the channel in `environment.json`: `"channels": { "mail": { "type": "email" } }`.',
      "Run `knock workflows show <key>` to see the channels of a workflow's steps.",
    ],
  },
} as const satisfies Record<string, ErrorExplanation>;
