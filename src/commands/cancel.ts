import type { Command } from "commander";
import { parseCancellation } from "../domain/trigger/parse-trigger.js";
import { readCancelRecipients } from "../input/trigger-payload.js";
import { printCancellation } from "../output/print-outcome.js";
import type { CommandContext, TargetFlags } from "./context.js";
import { addCommonOptions, addExamples, addTargetOptions, applyVerbosity, type CommonFlags } from "./shared/options.js";

interface CancelFlags extends CommonFlags, TargetFlags {
  recipients?: string[];
  recipient?: string[];
  object?: string[];
  failIfNone?: boolean;
}

export function registerCancel(program: Command, context: CommandContext): void {
  const command = program
    .command("cancel")
    .argument("<workflow>", "the workflow's key")
    .argument("<cancellation-key>", "the key its trigger carried")
    .summary("stop what still waits of a trigger")
    .description(
      "Cancels the runs of a workflow that carry a cancellation key and still wait. Messages already made stay.",
    )
    .option("-r, --recipients <value...>", "only these: ids, JSON, @file.json or @-")
    .option("--recipient <value...>", "the same as --recipients")
    .option("--object <collection/id...>", "only these objects, in short")
    .option("--fail-if-none", "exit 1 when nothing was cancelled");
  addExamples(addCommonOptions(addTargetOptions(command)), [
    "knock cancel invite invite-42",
    "knock cancel invite invite-42 --recipients grace --json",
  ]);
  command.action((workflow: string, key: string, flags: CancelFlags) => {
    applyVerbosity(context, flags);
    return runCancel(workflow, key, flags, context);
  });
}

async function runCancel(workflow: string, key: string, flags: CancelFlags, context: CommandContext): Promise<void> {
  const listed =
    flags.recipients || flags.recipient ? [...(flags.recipients ?? []), ...(flags.recipient ?? [])] : undefined;
  const recipients = await readCancelRecipients({ recipients: listed, object: flags.object }, context.input);
  const cancellation = parseCancellation({ cancellation_key: key, recipients }, workflow);
  const operations = await context.openOperations(flags);
  const outcome = await operations.cancelWorkflow(cancellation);
  printCancellation(outcome, cancellation.recipients !== null, context.output);
  if (flags.failIfNone && outcome.summary !== null && outcome.summary.cancelled === 0) context.exit(1);
}
