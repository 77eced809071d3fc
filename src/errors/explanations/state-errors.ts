import type { ErrorExplanation } from "./error-explanation.js";

/** Errors because something does not exist, or because its state does not allow the operation (exit codes 5 and 6). */
export const STATE_ERRORS = {
  workflow_missing: {
    meaning: "No workflow has this key.",
    causes: [
      "The key is misspelled.",
      "The command runs in another project or on another branch.",
      "On the remote target, the workflow isn't committed in the key's environment.",
    ],
    fix: [
      "Run `knock workflows list` to see the keys.",
      "Check that the file `workflows/<key>/workflow.json` exists.",
      "On the remote target, commit and promote the workflow, or use the key of its environment.",
    ],
  },
  journal_conflict: {
    meaning: "The journal of `knock notify --file` belongs to another run. Nothing was triggered.",
    causes: [
      "An earlier run of the same file was interrupted or has failed lines.",
      "The file was changed after the run that the journal records.",
      "The command uses another workflow, target, branch or other payload options than that run.",
      "The file that `--journal` names isn't a journal, or is damaged.",
      "Another run in progress uses the journal.",
    ],
    fix: [
      "Add `--resume` to continue the run, or `--retry-failed` to trigger only the lines that failed.",
      "Restore a file that was changed, and trigger corrected lines from a file of their own.",
      "Use `--journal` to name another file for a new run. It triggers every line, also those that you triggered before.",
      "Wait until a run in progress has ended. If it ran on another machine and was killed, delete the file `<journal>.lock`.",
      "Delete the journal to start again. If the file is unchanged, lines that were triggered less than 24 hours ago aren't triggered again, because they have the same idempotency keys. If it was changed, every line is triggered.",
    ],
  },
  actor_missing: {
    meaning: "The actor of a trigger was never identified. Nothing was triggered.",
    causes: ["The actor's ID is misspelled.", "The store doesn't contain the user or object."],
    fix: [
      'Give the actor with its properties: `--actor \'{"id":"alan","name":"Alan"}\'`.',
      "Run `knock users set alan --set name=Alan` to create the user first.",
      "Run `knock users list` to see known users.",
    ],
  },
  resource_missing: {
    meaning: "A run, message, recipient, schedule, branch, environment or another resource doesn't exist.",
    causes: [
      "The ID is misspelled or incomplete.",
      "The resource is in another store, or in another environment of the service.",
      "The resource was deleted.",
    ],
    fix: [
      "Run the `list` command of the resource, such as `knock runs list` or `knock users list`.",
      "Run `knock config list` to see which store, target and branch are used.",
    ],
  },
  workflow_inactive: {
    meaning: "The workflow exists, but isn't active. Nothing was triggered.",
    causes: [
      "`environment.json` deactivates it.",
      "The service exported it as inactive (`__readonly.active` in `workflow.json`).",
      "It is inactive in the key's environment.",
    ],
    fix: [
      'Activate it in `environment.json`: `"workflows": { "<key>": { "active": true } }`.',
      "On the remote target, activate it in the dashboard.",
    ],
  },
  idempotency_conflict: {
    meaning: "The idempotency key was used with another payload within 24 hours. Nothing was triggered.",
    causes: [
      "You use the same key for different triggers.",
      "The payload contains a value that changes, such as a time.",
    ],
    fix: [
      "Use a new key for a new trigger: `--idempotency-key order-42-shipped`.",
      "Send exactly the same payload to get the first response again.",
    ],
  },
  conflict: {
    meaning: "The state of the resource doesn't allow the operation.",
    causes: [
      "The broadcast was already sent, or is scheduled.",
      "The message to retry has another status than `undelivered`.",
      "On the remote target, another request changes the same resource (HTTP 409).",
    ],
    fix: [
      "Run the `show` or `list` command of the resource to see its state.",
      "Use `knock broadcasts send <key> --again` to send a broadcast again.",
      "On the remote target, run the command again.",
    ],
  },
  confirmation_needed: {
    meaning:
      "The API key is a live key, so the command would notify real users or change their data. It wasn't confirmed.",
    causes: ["The command runs in a script or CI job, where it can't ask.", "The question wasn't answered with `y`."],
    fix: [
      "Use a test key (`sk_test_…`).",
      "Add `--yes` if the command must notify real users.",
      "Add `--local` or `--dry-run` to try the command without sending.",
    ],
  },
  too_many_recipients: {
    meaning: "The triggers list more recipients than `--max-recipients` allows.",
    causes: [
      "The list or file contains more recipients than expected.",
      "The recipients of all lines of a file are added up. Lines before the one that exceeds the limit were already triggered.",
    ],
    fix: [
      "Check the recipients with `--dry-run`.",
      "Add `--all-or-nothing` to count the recipients of a whole file before any line is triggered.",
      "Raise `--max-recipients`.",
    ],
  },
  recipient_not_allowed: {
    meaning: "A recipient guard doesn't allow a recipient or an address of the request. Nothing was sent.",
    causes: [
      "No pattern of `recipients.allow` matches the user, object, actor, email address, phone number or channel data.",
      "Only the address of an inline recipient is allowed, but not its ID, or the other way around.",
      "The guard can't check the request. For example, an update of schedules doesn't contain their recipients.",
    ],
    fix: [
      "Use a recipient that the guard allows.",
      'Add a pattern such as `"user:qa-*"` or `"*@example.com"` to the file that the error names.',
      "Run `knock config list` to see which guards apply.",
    ],
  },
} as const satisfies Record<string, ErrorExplanation>;
