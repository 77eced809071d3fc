import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addCommonOptions, addLocalOptions, type CommonFlags, collectValues } from "../../commands/shared/options.js";
import { resolveIdPrefix, suggestForMissingId } from "../../commands/shared/resolve-id-prefix.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { applySetFlags, parseDataFlags } from "../../input/parse-flags.js";
import { deepMerge } from "../../util/json.js";
import { printRerun } from "./print-rerun.js";
import type { RerunOptions } from "./rerun-options.js";
import { hasRerunDifferences, type RerunReport } from "./rerun-report.js";

interface RerunFlags extends CommonFlags, TargetFlags {
  from?: string;
  data?: string[];
  set?: string[];
  recipientSet?: string[];
  skipDelay?: boolean;
  against?: string;
  keep?: boolean;
}

export function registerRerun(runs: Command, context: CommandContext): void {
  const rerun = runs
    .command("rerun")
    .argument("<id>", "the ID of a workflow run or recipient run")
    .description(
      "Run a stored run again in a copy of its store, with its data, recipient, actor, tenant and clock, against the current files. List the steps and messages that differ. Nothing is sent. Exit 1 if there are differences.",
    )
    .optionsGroup(OPTION_GROUPS.payload)
    .option(
      "-d, --data <json>",
      "merge over the trigger data: a JSON object, @file.json or @-; repeat to merge",
      collectValues,
    )
    .option("--set <path=value>", "set one property of the data (path=text or path:=json)", collectValues)
    .option("--recipient-set <path=value>", "set one property of the recipients", collectValues)
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--from <step>", "run only this step and those after it, with the outcomes of the steps before")
    .option("--skip-delay", "skip delay steps")
    .option("--against <revision>", "use the files of a git revision or a folder (default: the current files)")
    .option("--keep", "store the result as a new run in sandbox mode, marked as a rerun");
  addExamples(
    addCommonOptions(addLocalOptions(rerun), undefined, { quiet: "print only the ID of the new run" }),
    ({ run }) => [`knock runs rerun ${run}`, `knock runs rerun ${run} --set page=Home`],
  );
  rerun.action((typed: string, flags: RerunFlags) => runCommand(typed, flags, context));
}

async function readOptions(flags: RerunFlags, { input }: CommandContext): Promise<RerunOptions> {
  const { data, set = [], recipientSet, from = null, against = null, skipDelay = false } = flags;
  const merged = data === undefined ? {} : await parseDataFlags(data, new InputReader(input));
  return {
    from,
    against,
    skipsDelays: skipDelay,
    changeData: async (own) => applySetFlags(deepMerge(own, merged), set),
    properties: recipientSet === undefined ? null : await applySetFlags({}, recipientSet),
  };
}

async function runCommand(typed: string, flags: RerunFlags, context: CommandContext): Promise<void> {
  const { settings, target, project, io, output, setExitCode } = context;
  if ((await settings.getTarget(flags)) === "remote")
    throw new KnockError("not_supported", "runs can only be run again on the local target", {
      hint: "Add --local. For triggers of the account, use `knock replay --remote`.",
    });
  const options = await readOptions(flags, context);
  const operations = await target.openLocal(flags);
  const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], operations);
  const { location } = await target.locate(flags);
  const { rerunStoredRun } = await import("./rerun-stored-run.js");
  const files = await project.requireLocalFiles(flags);
  const report = await output.showProgress("running it again", (setProgress) =>
    rerunStoredRun(
      location,
      id,
      { ...options, keeps: flags.keep ?? false },
      {
        project: files,
        io,
        warn: (text) => output.warn(text),
        setProgress,
      },
    ),
  );
  if (report === null)
    throw new KnockError("resource_missing", `there is no run "${typed}"`, {
      hint: await suggestForMissingId(typed, "run", operations),
    });
  printRerun(report as RerunReport, output);
  if (hasRerunDifferences(report)) setExitCode(EXIT.failure);
}
