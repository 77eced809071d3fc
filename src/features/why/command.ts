import type { Command } from "commander";
import { addExamples, formatSetFlags } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import {
  addCommonOptions,
  addTargetOptions,
  addTriggerOptions,
  type CommonFlags,
} from "../../commands/shared/options.js";
import { resolveIdPrefix, suggestForMissingId } from "../../commands/shared/resolve-id-prefix.js";
import { readAccountRecipients } from "../../comparison/read-account-recipients.js";
import type { CommandContext } from "../../context/command-context.js";
import { createLocalEngine } from "../../context/create-local-engine.js";
import { type TargetFlags, toLocalFlags } from "../../context/target-flags.js";
import { type RecipientKey, toRecipientKey } from "../../domain/recipient/recipient.js";
import { parseRecipientReference } from "../../domain/run/message-outcomes.js";
import { parseTrigger } from "../../domain/trigger/parse-trigger.js";
import { collectRecipientKeys, type Trigger } from "../../domain/trigger/trigger.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { locatePayloadErrors } from "../../input/locate-payload-error.js";
import { parseTimeArgument } from "../../input/parse-time.js";
import { type PayloadFlags, readPayload } from "../../input/trigger-payload.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import type { Project } from "../../project/open-project.js";
import { openSqliteStore } from "../../store/sqlite/open-sqlite-store.js";
import { formatCount } from "../../util/format-count.js";
import { printWhy } from "./print-why.js";
import type { WhyContext } from "./run-why.js";
import type { WhyReport } from "./why-report-schema.js";

interface WhyFlags extends CommonFlags, TargetFlags, Pick<PayloadFlags, "actor" | "data" | "set" | "tenant" | "file"> {
  run?: string;
  at?: string;
  allRules?: boolean;
}

export function registerWhy(program: Command, context: CommandContext): void {
  const command = program
    .command("why")
    .helpGroup(COMMAND_GROUPS.develop)
    .argument("[workflow]", "the workflow's key")
    .argument("[recipient]", "a user ID, collection/id for an object, or JSON")
    .summary("Explain why a recipient gets a message, or not")
    .description(
      "Run a workflow in memory for a user or an object, and print the decision of each step: the first rule that prevents a message, the compared values, the place of the rule in the files, and what would have to change. For an object, count its subscribers by result. With --run, explain a run that exists. Nothing is stored or sent. Exit 1 if no one gets a message.",
    )
    .optionsGroup(OPTION_GROUPS.payload);
  addTriggerOptions(command)
    .option("-f, --file <path>", "read the payload in JSON, with its recipient; - is standard input")
    .optionsGroup(OPTION_GROUPS.selection)
    .option("--run <id>", "explain this recipient run, or the trigger's run of the recipient")
    .optionsGroup(OPTION_GROUPS.behavior)
    .option("--at <time>", "trigger at this time (default: the time of the local clock)")
    .optionsGroup(OPTION_GROUPS.output)
    .option("--all-rules", "list all rules of each step, also those that were not reached");
  addExamples(
    addCommonOptions(addTargetOptions(command), undefined, { quiet: "print only the result" }),
    ({ workflow, user, object, run }) => [
      `knock why ${workflow.key} ${user}${formatSetFlags(workflow)}`,
      `knock why ${workflow.key} ${object.collection}/${object.id}${formatSetFlags(workflow)}`,
      `knock why --run ${run}`,
    ],
  ).action((workflow: string | undefined, recipient: string | undefined, flags: WhyFlags) =>
    runWhyCommand(workflow, recipient, flags, context),
  );
}

/** Returns the recipient argument as the payload of a trigger has it. An object is given as `collection/id`. */
function toRecipientFlag(recipient: string): string {
  const [, collection, id] = /^([^/{[@\s]+)\/([^/\s]+)$/.exec(recipient) ?? [];
  return id === undefined ? recipient : JSON.stringify({ collection, id });
}

async function readTrigger(
  workflow: string | null,
  recipient: string | undefined,
  flags: WhyFlags,
  { input }: CommandContext,
): Promise<Trigger> {
  const { run: _, at: __, allRules: ___, ...rest } = flags;
  const payload = await readPayload(
    { ...rest, recipients: recipient === undefined ? undefined : [toRecipientFlag(recipient)] },
    input,
  );
  const { trigger } = await locatePayloadErrors(payload, () => parseTrigger(payload.payload, workflow, payload.name));
  if (trigger.recipients.length === 1) return trigger;
  throw new KnockError(
    "usage",
    `${formatCount(trigger.recipients.length, "recipient")} given, and one is explained at a time`,
    {
      hint: "Give one user, or an object to count its subscribers.",
    },
  );
}

/** Opens an engine in memory with what the account knows about the recipients of a trigger. */
async function openAccountCopy(
  trigger: Trigger,
  project: Project,
  { io, output, target }: CommandContext,
  operations: Operations,
): Promise<LocalOperations> {
  const environment = await project.environment();
  const keys = collectRecipientKeys(trigger);
  const { recipients, subscriptions, notes } = await readAccountRecipients(
    await operations.openResources(),
    keys,
    environment,
  );
  for (const note of notes) output.note(note);
  const store = await openSqliteStore(":memory:", { watchUsers: project.hasAudiences() });
  const copy = createLocalEngine(project, store, io, { warn: (text) => output.warn(text) });
  target.track(copy);
  const seed = { file: "(account)", digest: "", recipients: [...recipients.values()], subscriptions, audiences: [] };
  await store.applySeeds([seed], Date.now());
  return copy;
}

/** Returns the run with an ID: a recipient run, or that of a trigger for the recipient. Throws `resource_missing`, `usage`. */
async function readRun(typed: string, recipient: RecipientKey | null, operations: Operations) {
  const id = await resolveIdPrefix(typed, ["workflow_run", "recipient_run"], operations);
  const outcome = await operations.readWorkflowRun(id);
  const runs = (outcome?.recipients ?? []).filter(
    (run) => run.recipient_run_id !== null && (recipient === null || toRecipientKey(run.recipient) === recipient),
  );
  if (runs.length > 1)
    throw new KnockError("usage", `the trigger "${typed}" has ${formatCount(runs.length, "run")}`, {
      hint: "Name the workflow and the recipient as well, or give the ID of a recipient run: `knock runs show` lists them.",
    });
  const run = await operations.readRecipientRun(runs[0]?.recipient_run_id ?? id);
  if (run !== null) return run;
  throw new KnockError(
    "resource_missing",
    `there is no run "${typed}"${recipient === null ? "" : " of this recipient"}`,
    {
      hint: await suggestForMissingId(typed, "run", operations),
    },
  );
}

async function explainRunFlag(
  id: string,
  [workflow, recipient]: [string | undefined, string | undefined],
  { operations, context }: { operations: Operations; context: WhyContext },
): Promise<WhyReport> {
  const reference = recipient === undefined ? null : toRecipientFlag(recipient);
  const key = reference === null ? null : toRecipientKey(reference.startsWith("{") ? JSON.parse(reference) : reference);
  const run = await readRun(id, key, operations);
  const found = toRecipientKey(parseRecipientReference(run.recipient));
  if ((workflow !== undefined && workflow !== run.workflow) || (key !== null && key !== found))
    throw new KnockError("usage", `the run "${id}" is of workflow "${String(run.workflow)}" and another recipient`, {
      hint: "Omit the workflow and the recipient.",
    });
  const { explainStoredRun } = await import("./run-why.js");
  return explainStoredRun(run, found, context);
}

async function runWhyCommand(
  workflow: string | undefined,
  recipient: string | undefined,
  flags: WhyFlags,
  context: CommandContext,
): Promise<void> {
  const { io, output, project, target, settings, setExitCode, signal } = context;
  const at = flags.at === undefined ? null : parseTimeArgument(flags.at, "--at");
  const { run, file } = flags;
  if (run === undefined && file === undefined && (workflow === undefined || recipient === undefined))
    throw new KnockError("usage", "a workflow and a recipient are required", {
      hint: "For example `knock why new-comment ada`, or `--run <id>` for a run that exists.",
    });
  const trigger = run === undefined ? await readTrigger(workflow ?? null, recipient, flags, context) : null;
  const report = await output.showProgress("trying the workflow", async (setText) => {
    const isRemote = (await settings.getTarget(flags)) === "remote";
    const files = await project.requireLocalFiles(flags);
    const operations = isRemote
      ? await target.open(flags, "read")
      : await target.openForCheck({ ...toLocalFlags(flags) });
    const { recipientGuards } = await settings.get(flags);
    const whyContext: WhyContext = {
      project: files,
      cwd: io.cwd,
      target: isRemote ? "remote" : "local",
      resources: await operations.openResources(),
      guards: recipientGuards,
      hasAllRules: flags.allRules ?? false,
    };
    if (trigger === null) return explainRunFlag(run ?? "", [workflow, recipient], { operations, context: whyContext });
    const engine = isLocal(operations) ? operations : await openAccountCopy(trigger, files, context, operations);
    const { explainTrial } = await import("./run-why.js");
    const isDataRequired = flags.data !== undefined || flags.set !== undefined || Object.keys(trigger.data).length > 0;
    const onCount = (count: number): void => setText(`trying the workflow: ${formatCount(count, "subscriber")}`);
    return explainTrial({ trigger, operations: engine, at, isDataRequired, signal, onCount }, whyContext);
  });
  printWhy(report, output);
  if (!report.sends) setExitCode(EXIT.failure);
}
