import type { Command } from "commander";
import { addExamples } from "../../commands/shared/examples.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "../../commands/shared/help-groups.js";
import { addAccountOptions, addCommonOptions, type CommonFlags } from "../../commands/shared/options.js";
import type { CommandContext } from "../../context/command-context.js";
import { type TargetFlags, toLocalFlags } from "../../context/target-flags.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { parseRecipient } from "../../domain/request/parse-recipient.js";
import { parseObjectKey } from "../../domain/request/parse-recipient-key.js";
import { DocumentFindings } from "../../domain/schema/document-findings.js";
import { EXIT } from "../../errors/error-codes.js";
import { KnockError } from "../../errors/knock-error.js";
import { InputReader } from "../../input/input-source.js";
import { parseIds, parseObjectFlag, parseRecipientsFlag } from "../../input/parse-flags.js";
import { yieldToEventLoop } from "../../util/event-loop.js";
import { printAuditReport } from "./print-audit.js";
import type { AuditRequest } from "./run-audit.js";

interface AuditFlags extends CommonFlags, TargetFlags {
  recipients?: string[];
  object?: string[];
  collection?: string[];
  workflows?: string[];
  failIfAny?: boolean;
}

export function registerAudit(program: Command, context: CommandContext): void {
  const command = program
    .command("audit")
    .helpGroup(COMMAND_GROUPS.develop)
    .summary("List users and objects of the account who would receive no messages")
    .description(
      "Read users of the account with their preferences and channel data, and check which channel steps of the project's workflows would send them nothing, whatever the data is. For objects, also read the subscribers: list the objects that would reach no one, and the subscribers who would get nothing. Nothing is triggered or changed.",
    )
    .optionsGroup(OPTION_GROUPS.selection)
    .option(
      "-r, --recipients <value...>",
      "check these users: IDs (a,b), JSON, which can also name objects, @file.json or @- (standard input)",
    )
    .option("--object <collection/id...>", "check these objects and their subscribers, as collection/id")
    .option("--collection <name...>", "check all objects of these collections (a,b), and their subscribers")
    .option("-w, --workflows <key...>", "check these workflows: keys (a,b) (default: all of the project)")
    .optionsGroup(OPTION_GROUPS.testing)
    .option("--fail-if-any", "exit 1 if a user or subscriber would get nothing, or an object would reach no one");
  const localText = "read the recipients of the local store and of the recipients files, not those of the account";
  addExamples(
    addCommonOptions(addAccountOptions(command, localText), undefined, {
      quiet: "print only the users who would receive no messages, and the objects that would not reach everyone",
    }),
    ({ workflow, user, users, object }) => [
      `knock audit --recipients ${users}`,
      `knock audit --object ${object.collection}/${object.id}`,
      `knock audit --recipients ${user} --workflows ${workflow.key} --json`,
      `knock audit --local --collection ${object.collection} --json`,
    ],
  ).action((flags: AuditFlags) => runAuditCommand(flags, context));
}

/** Returns the key of a user or object. Throws `usage` for an inline recipient, which the account may not have. */
function parseReference(value: unknown): RecipientKey {
  const findings = new DocumentFindings();
  const recipient = parseRecipient(value, findings.add);
  if (recipient === null) throw findings.toError("--recipients", "invalid_params");
  const isReference = recipient.upsert === null || Object.keys(recipient.upsert.properties).length === 0;
  if (isReference) return recipient.key;
  throw new KnockError("usage", `--recipients: ${JSON.stringify(value)} is not the ID of a user`, {
    hint: "Give IDs of users, or objects with only id and collection. Their data is read from the account.",
  });
}

/** Returns what to check, each recipient once. Throws `usage` without any, and for invalid names. */
async function parseRequest(flags: AuditFlags, reader: InputReader): Promise<AuditRequest> {
  if (flags.local && flags.remote)
    throw new KnockError("usage", "--local and --remote contradict each other", { hint: "Give one of them." });
  if (!flags.recipients && !flags.object && !flags.collection)
    throw new KnockError("usage", "--recipients, --object or --collection is required", {
      hint: "For example --recipients ada, --object projects/p1 or --collection projects.",
    });
  const recipients = await parseRecipientsFlag(flags.recipients ?? [], reader);
  const collections = (flags.collection ?? []).flatMap((text) => parseIds(text, "--collection"));
  for (const collection of collections) parseObjectKey(collection, "any");
  return {
    recipients: [...new Set(recipients.map(parseReference))],
    objects: parseObjectFlag(flags.object ?? []).map(({ collection, id }) => parseObjectKey(collection, id)),
    collections: [...new Set(collections)],
    workflows: (flags.workflows ?? []).flatMap((text) => parseIds(text, "--workflows")),
  };
}

async function runAuditCommand(flags: AuditFlags, context: CommandContext): Promise<void> {
  const { io, input, output, project, target, setExitCode } = context;
  const request = await parseRequest(flags, new InputReader(input));
  const { local: isLocal = false, remote: _remote, ...rest } = flags;
  const place = isLocal ? "store" : "account";
  const report = await output.showProgress(`reading the ${place}`, async (setText) => {
    const files = await project.requireLocalFiles(rest);
    const operations = await target.open(isLocal ? toLocalFlags(rest) : { ...rest, target: "remote" }, "read");
    const { runAudit } = await import("./run-audit.js");
    const reportProgress = async (text: string): Promise<void> => {
      await yieldToEventLoop();
      if (io.signal.aborted)
        throw new KnockError("interrupted", `interrupted while reading the ${place}`, { hint: "Nothing was changed." });
      setText(text);
    };
    const resources = await operations.openResources();
    return runAudit(request, { project: files, resources, isLocal, reportProgress });
  });
  printAuditReport(report, place, output);
  const { get_nothing, objects_reach_no_one, subscribers_get_nothing } = report.summary;
  if (flags.failIfAny && get_nothing + objects_reach_no_one + subscribers_get_nothing > 0) setExitCode(EXIT.failure);
}
