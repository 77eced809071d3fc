import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { KnockError } from "../../errors/knock-error.js";
import { parsePastTimeArgument } from "../../input/parse-time.js";
import { printRetriedRuns } from "../../output/print-runs.js";
import type { LocalOperations } from "../../ports/operations.js";
import type { JsonObject } from "../../util/json.js";
import { addExamples } from "./examples.js";
import { OPTION_GROUPS } from "./help-groups.js";
import { addCommonOptions, addLocalOptions, type CommonFlags } from "./options.js";
import { resolveIdPrefix, suggestForMissingId } from "./resolve-id-prefix.js";

const RUNS_PER_RETRY = 500;

interface RetryFlags extends CommonFlags, TargetFlags {
  failed?: boolean;
  since?: string;
  dryRun?: boolean;
}

/** Lists the failed runs that match a filter, in pages, before any is retried and may fail again. */
async function listFailedRuns(engine: LocalOperations, workflowRunId?: string): Promise<JsonObject[]> {
  const found: JsonObject[] = [];
  for (let after: string | undefined; ; ) {
    const filter = { status: "failed" as const, workflow_run_id: workflowRunId };
    const { items, page_info } = await engine.listRecipientRuns(filter, { limit: 1_000, after });
    found.push(...items);
    if (page_info.after === null) return found;
    after = page_info.after;
  }
}

/** Returns the runs with the given IDs. Throws `resource_missing`, and `conflict` if one is not failed. */
async function findFailedRuns(engine: LocalOperations, typed: readonly string[]): Promise<JsonObject[]> {
  const found = new Map<string, JsonObject>();
  for (const text of typed) {
    const id = await resolveIdPrefix(text, ["workflow_run", "recipient_run"], engine);
    const run = await engine.readRecipientRun(id);
    const outcome = run === null ? await engine.readWorkflowRun(id) : null;
    if (run === null && outcome === null)
      throw new KnockError("resource_missing", `there is no run "${text}"`, {
        hint: await suggestForMissingId(text, "run", engine),
      });
    const runs = run === null ? await listFailedRuns(engine, id) : [run].filter(({ status }) => status === "failed");
    if (runs.length === 0)
      throw new KnockError("conflict", run === null ? `no run of ${id} is failed` : `run ${id} is not failed`, {
        hint: "Run `knock runs list --status failed` to see failed runs. Nothing was changed.",
      });
    for (const one of runs) found.set(String(one.id), one);
  }
  return [...found.values()];
}

export function registerRunsRetry(runs: Command, context: CommandContext): void {
  const retry = runs
    .command("retry")
    .argument("[id...]", "IDs of recipient runs, or of workflow runs for all their recipients")
    .description("Continue failed runs at the step that failed (local target only)")
    .optionsGroup(OPTION_GROUPS.selection)
    .option("--failed", "retry every failed run")
    .option("--since <time>", "retry only runs that failed since a time or a duration before now (with --failed)")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--dry-run", "list the runs without retrying them");
  addExamples(addCommonOptions(addLocalOptions(retry)), ["knock runs retry --failed --since 24h --dry-run"]);
  retry.action(async (typed: string[], flags: RetryFlags) => {
    if (typed.length > 0 === (flags.failed === true))
      throw new KnockError("usage", "give run IDs or --failed", {
        hint: "Run `knock runs list --status failed` to see failed runs.",
      });
    if (flags.since !== undefined && !flags.failed)
      throw new KnockError("usage", "--since is only for --failed", {
        hint: "Omit --since, or replace the IDs by --failed.",
      });
    if ((await context.settings.getTarget(flags)) === "remote")
      throw new KnockError("not_supported", "runs can only be retried on the local target", {
        hint: "The API cannot retry runs. Trigger the workflow again, or add --local.",
      });
    const isDryRun = flags.dryRun ?? false;
    const engine = await (isDryRun ? context.target.openForCheck(flags) : context.target.openLocal(flags));
    const now = Date.parse((await engine.readClock()).now);
    const since = flags.since === undefined ? null : parsePastTimeArgument(flags.since, "--since", now);
    const failed = flags.failed ? await listFailedRuns(engine) : await findFailedRuns(engine, typed);
    // A failed run does not change until it is retried or canceled.
    const selected = failed.filter((run) => since === null || Date.parse(String(run.updated_at)) >= since);
    const ids = selected.map(({ id }) => String(id));
    if (!isDryRun)
      for (let start = 0; start < ids.length; start += RUNS_PER_RETRY)
        await engine.retryRuns(ids.slice(start, start + RUNS_PER_RETRY));
    const shown: JsonObject[] = [];
    for (const id of ids) shown.push((await engine.readRecipientRun(id)) ?? { id });
    printRetriedRuns(shown, { isDryRun }, context.output);
  });
}
