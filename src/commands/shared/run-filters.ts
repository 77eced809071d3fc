import type { Command } from "commander";
import { formatRunStatus, RUN_STATUSES } from "../../domain/run/run-status.js";
import type { RunFilter } from "../../ports/filters.js";
import type { Operations } from "../../ports/operations.js";
import { correctWord, type Hint } from "../../util/find-nearest.js";
import { OPTION_GROUPS } from "./help-groups.js";
import { ValueOption } from "./options.js";
import { parseChoice, parseRecipientKey } from "./paging.js";
import { resolveIdPrefix } from "./resolve-id-prefix.js";

const COMPLETED_HINT =
  'Did you mean "completed"? Every run that has ended is completed, whether or not it sent messages.';
/** Words for the end of a run, of which lists of messages show some. */
const ENDED_WORDS = ["done", "ended", "finished", "passed", "sent", "sandboxed", "delivered", "skipped", "halted"];
/** The words of text output for the run statuses of the API. */
const STATUS_BY_WORD = new Map(RUN_STATUSES.map((status) => [formatRunStatus(status), status]));
const STATUS_WORDS = [...STATUS_BY_WORD.keys()];
/** Hints for words, such as step outcomes, that users may type as a run status. */
const STATUS_HINTS: Readonly<Record<string, Hint>> = {
  delayed: correctWord("delayed", "waiting", 'Did you mean "waiting"? A run is waiting while one of its steps waits.'),
  running: correctWord("running", "processing"),
  ...Object.fromEntries(ENDED_WORDS.map((word) => [word, correctWord(word, "completed", COMPLETED_HINT)])),
};

export interface RunFilterFlags {
  workflow?: string;
  workflowRun?: string;
  recipient?: string;
  status?: string;
  tenant?: string;
}

/** Adds the options that select runs. */
export function addRunFilterOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.filters)
    .option("--workflow <key>", "list only runs of this workflow")
    .option("--workflow-run <id>", "list only runs of this trigger")
    .option("-r, --recipient <id>", "list only runs of this user ID or collection/id")
    .addOption(new ValueOption("--status <status>", "list only runs with this status", STATUS_WORDS))
    .option("--tenant <id>", "list only runs of this tenant");
}

/** Parses the flags that select runs. Throws `usage`. Returns a function that reads the filter, which may complete an ID. */
export function parseRunFilter(flags: RunFilterFlags): (operations: Operations) => Promise<RunFilter> {
  const recipient = parseRecipientKey(flags.recipient);
  // Text output uses the words of outcomes, and `--json` those of the API. Both can be copied into the filter.
  const typed = flags.status === undefined ? undefined : formatRunStatus(flags.status);
  const word = parseChoice(typed, STATUS_WORDS, "--status", STATUS_HINTS);
  const status = word === undefined ? undefined : STATUS_BY_WORD.get(word);
  return async (operations) => ({
    workflow: flags.workflow,
    workflow_run_id: flags.workflowRun && (await resolveIdPrefix(flags.workflowRun, ["workflow_run"], operations)),
    recipient,
    status,
    tenant: flags.tenant,
  });
}
