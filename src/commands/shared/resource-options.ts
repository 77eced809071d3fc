import type { Command } from "commander";
import type { CommandContext } from "../../context/command-context.js";
import type { LocalTarget } from "../../context/open-local-target.js";
import type { TargetAccess, TargetFlags } from "../../context/target-flags.js";
import { describeInvalidId } from "../../domain/recipient/describe-invalid-id.js";
import type { RecipientReference } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { ResourceOperations } from "../../ports/resource-operations.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { addExamples, type Examples } from "./examples.js";
import { OPTION_GROUPS } from "./help-groups.js";
import { addCommonOptions, addLocalOptions, addTargetOptions, type CommonFlags, collectValues } from "./options.js";
import { describeUnidentifiedRecipients } from "./unidentified-recipients.js";

export type ResourceFlags = CommonFlags & TargetFlags;

/** Opens the resources of the target that the settings select. */
export async function openResources(
  context: CommandContext,
  flags: TargetFlags,
  access: TargetAccess,
): Promise<ResourceOperations> {
  return (await context.target.open(flags, access)).openResources();
}

/** Opens the target of commands that the API has no requests for. Throws `not_supported` for the remote target. */
export async function openLocalOnlyTarget(
  context: CommandContext,
  flags: TargetFlags,
  { noun, alternative }: { noun: string; alternative: string },
): Promise<LocalTarget> {
  if ((await context.settings.getTarget(flags)) === "remote")
    throw new KnockError("not_supported", `${noun} are only available on the local target`, {
      hint: `${alternative}, or add --local.`,
    });
  const { openLocalTarget } = await import("../../context/open-local-target.js");
  return openLocalTarget(context, flags);
}

/** Adds the options of commands that work on the resources of either target. `details` is that of `addCommonOptions`. */
export function addResourceOptions(
  command: Command,
  examples: Examples | readonly string[],
  details?: string,
): Command {
  return addExamples(addCommonOptions(addTargetOptions(command), details), examples);
}

/** Adds the options of commands that work only on the local target. */
export function addLocalResourceOptions(command: Command, examples: Examples | readonly string[]): Command {
  return addExamples(addCommonOptions(addLocalOptions(command)), examples);
}

export function addBodyOptions(command: Command): Command {
  return command
    .optionsGroup(OPTION_GROUPS.payload)
    .option("-f, --file <path>", "read the API's request body from a JSON file; - is standard input")
    .option("-d, --data <json>", "give the request body as JSON, @file.json or @-; merged over --file", collectValues)
    .option("--set <path=value>", "set one property (path=text or path:=json)", collectValues);
}

/** Parses `ada`, or `projects/apollo` for an object. Throws `usage`. */
export function parseRecipientArgument(
  text: string,
  name: string,
  hint = "Use a user ID, or collection/id for an object.",
): RecipientReference {
  const [first = "", second, ...others] = text.split("/");
  const problem =
    others.length > 0
      ? "is not an id or collection/id"
      : (describeInvalidId(first) ?? (second === undefined ? null : describeInvalidId(second)));
  if (problem) throw new KnockError("usage", `${name}: ${JSON.stringify(text)} ${problem}`, { hint });
  return second === undefined ? text : { collection: first, id: second };
}

/** Limits the number of recipients that are looked up for a warning. */
const MAX_LOOKUPS = 50;

/**
 * Warns about recipients that are referenced by ID and were never identified, because nothing can be sent to them. The command has
 * already succeeded, so a failed lookup is also only a warning.
 */
export async function warnUnidentifiedRecipients(
  recipients: readonly Json[],
  resources: ResourceOperations,
  context: CommandContext,
): Promise<void> {
  const findUnidentified = async (recipient: Json): Promise<RecipientReference[]> => {
    if (typeof recipient === "string") return (await resources.users.read(recipient)) === null ? [recipient] : [];
    if (!isJsonObject(recipient) || typeof recipient.collection !== "string" || typeof recipient.id !== "string")
      return [];
    const { collection, id } = recipient;
    return (await resources.objects.read(collection, id)) === null ? [{ collection, id }] : [];
  };
  try {
    const unknown = (await Promise.all(recipients.slice(0, MAX_LOOKUPS).map(findUnidentified))).flat();
    if (unknown.length === 0) return;
    const { message, hint } = await describeUnidentifiedRecipients(unknown, resources, "will receive nothing");
    context.output.warn(message, hint);
  } catch (error) {
    if (!(error instanceof KnockError) || error.code === "interrupted") throw error;
    context.output.warn(`could not check whether the recipients were identified: ${error.message}`);
  }
}
