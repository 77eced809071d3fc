import type { Command } from "commander";
import { addExamples, formatDataFlag, formatSetFlags } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addAccountOptions,
  addCommonOptions,
  addTriggerOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import { RecipientLimit } from "../../commands/shared/recipient-limit.js";
import type { CommandContext } from "../../context/command-context.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { locatePayloadErrors } from "../../input/locate-payload-error.js";
import { parseDurationArgument } from "../../input/parse-time.js";
import { hasPayloadLines, type PayloadFlags, readPayload } from "../../input/trigger-payload.js";
import { printDiffReport } from "./print-diff.js";

const DEFAULT_WAIT = "30s";

interface DiffFlags extends CommonFlags, TargetFlags, PayloadFlags {
  wait?: string;
  maxRecipients?: string;
  projectRecipients?: boolean;
}

export function registerDiff(program: Command, context: CommandContext): void {
  const command = program
    .command("diff")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("[workflow]", "the workflow's key")
    .summary("Run a trigger locally and on the account, and compare")
    .description(
      "Run the same trigger on the account and in a new store in memory, in sandbox mode and without delays. List the recipients, steps and messages that differ. Nothing is delivered, except that in-app messages appear in the feeds of the account. Exit 1 if there are differences, and 10 if the account takes too long.",
    )
    .optionsGroup(OPTION_GROUPS.payload)
    .option("-r, --recipients <value...>", "notify these users: IDs (a,b), JSON, @file.json or @- (standard input)")
    .option("--object <collection/id...>", "notify these objects, as collection/id");
  addTriggerOptions(command)
    .option("-f, --file <path>", "read the payload in JSON; - is standard input")
    .option("--idempotency-key <key>", "return the first response of the account for the same key within 24 hours")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--wait <duration>", `wait for the runs on the account for this duration (default: ${DEFAULT_WAIT})`)
    .option("--project-recipients", "use the recipients files locally, not the data of the account")
    .option("--max-recipients <n>", "trigger nothing if there are more recipients than this (exit 6)");
  addExamples(
    addCommonOptions(addAccountOptions(command), undefined, { quiet: "print only recipients with differences" }),
    ({ workflow, user, users, actor, payloadFile }) => [
      `knock diff ${workflow.key} --recipients ${users} --actor ${actor}${formatDataFlag(workflow)}`,
      `knock diff ${workflow.key} -r ${user}${formatSetFlags(workflow)} --wait 1m --json`,
      `knock diff --file ${payloadFile}`,
    ],
  ).action((workflow: string | undefined, flags: DiffFlags) => runDiffCommand(workflow ?? null, flags, context));
}

async function runDiffCommand(workflow: string | null, flags: DiffFlags, context: CommandContext): Promise<void> {
  const { io, input, output, project, target, setExitCode } = context;
  const timeoutMs = parseDurationArgument(flags.wait ?? DEFAULT_WAIT, "--wait");
  if (hasPayloadLines(flags))
    throw new KnockError("usage", "--file: a file with many triggers cannot be compared", {
      hint: "Use a JSON file with one payload.",
    });
  const payload = await readPayload({ ...flags, sandboxMode: true, skipDelay: true }, input);
  const { trigger, idempotency_key } = await locatePayloadErrors(payload, () =>
    parseTrigger(payload.payload, workflow, payload.name),
  );
  new RecipientLimit(flags.maxRecipients).add([{ trigger }]);
  await target.checkRecipients([trigger], flags);
  const options = {
    idempotencyKey: idempotency_key,
    timeoutMs,
    usesProjectRecipients: flags.projectRecipients ?? false,
  };
  const report = await output.showProgress("comparing", async (setProgress) => {
    const { remote: _remote, ...rest } = flags;
    const files = await project.requireLocalFiles(rest);
    const remote = await target.open({ ...rest, target: "remote" }, "write");
    const { runDiff } = await import("./run-diff.js");
    return runDiff(trigger, options, { project: files, remote, io, warn: (text) => output.warn(text), setProgress });
  });
  printDiffReport(report, output);
  if (report.timed_out) setExitCode(EXIT.timed_out);
  else if (report.recipients.length > 0) setExitCode(EXIT.failure);
}
