import type { CommandContext } from "../../context/command-context.js";
import type { ProjectNames } from "../../context/project-names.js";
import type { TargetFlags } from "../../context/target-flags.js";
import { findChannelType } from "../../domain/message/channel-types.js";
import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import { findUnidentifiedRecipient, isWorkflowStored } from "../../ports/known-names.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import { correctWord, didYouMean, findNearest, type Hint } from "../../util/find-nearest.js";

/** The names that the filters of a list contain. */
interface FilterNames {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  channel?: string | undefined;
  recipient?: RecipientKey | undefined;
  tenant?: string | undefined;
}

const FIRST_ONLY = { limit: 1 };
const MAX_CANDIDATES = 50;

function createMissingError(flag: string, message: string, value: string, hint: Hint | undefined): KnockError {
  return new KnockError("resource_missing", `${flag}: ${message}`, {
    details: [{ pointer: "", message, value }],
    hint,
  });
}

/** Returns whether a word names a channel type, as files, `--expect` or outcomes do: `in_app_feed`, `in-app-feed`, `in-app`. */
function isTypeName(word: string, type: string | null): boolean {
  const { alias, label } = findChannelType(type) ?? {};
  return type === word.replaceAll("-", "_") || [alias, label].includes(word);
}

/**
 * Returns a suggestion for an unknown channel. If the word is a channel type, the channels of that type are suggested.
 */
function suggestChannel(typed: string, channels: ProjectNames["channels"]): Hint | undefined {
  const ofType = channels.filter(({ type }) => isTypeName(typed, type)).map(({ key }) => key);
  const [only, ...others] = ofType;
  if (only !== undefined && others.length === 0) return correctWord(typed, only);
  if (only !== undefined) return `Did you mean one of ${ofType.map((key) => `"${key}"`).join(", ")}?`;
  return didYouMean(
    typed,
    channels.map(({ key }) => key),
    "Channels",
  );
}

/** Returns a suggestion with the nearest name of all senders, or the list of workflows. */
function suggestWorkflow(typed: string, { workflows, otherSenders }: ProjectNames): Hint | undefined {
  const near = findNearest(typed, [...workflows, ...otherSenders]);
  return near === undefined ? didYouMean(typed, workflows, "Workflows") : correctWord(typed, near);
}

/**
 * Returns errors for workflow and channel names that the project's files do not contain. The store may still know them.
 */
function findUnknownNames({ workflow, channel }: FilterNames, names: ProjectNames) {
  const isKnownChannel = names.channels.some(({ key, id }) => key === channel || id === channel);
  return {
    workflow:
      workflow === undefined || names.workflows.includes(workflow) || names.otherSenders.includes(workflow)
        ? null
        : createMissingError(
            "--workflow",
            `there is no workflow "${workflow}"`,
            workflow,
            suggestWorkflow(workflow, names),
          ),
    channel:
      channel === undefined || isKnownChannel
        ? null
        : createMissingError(
            "--channel",
            `there is no channel "${channel}"`,
            channel,
            suggestChannel(channel, names.channels),
          ),
  };
}

/**
 * Checks the names in the filters of a list that is empty; any entry would prove that all names exist. Throws
 * `resource_missing`, with the nearest name, if neither the project's files nor the local store contain a name. On the
 * remote target it prints a note instead, because the remote environment may contain names that the project does not.
 */
export async function checkFilterNames(
  names: FilterNames,
  flags: TargetFlags,
  operations: Operations,
  context: CommandContext,
): Promise<void> {
  const known = await context.project.readNames(flags);
  const unknown = known === null ? { workflow: null, channel: null } : findUnknownNames(names, known);
  if (!isLocal(operations)) {
    for (const problem of [unknown.workflow, unknown.channel])
      if (problem !== null)
        context.output.note(`note: this project has no such name: ${problem.message}. ${problem.hint ?? ""}`);
    return;
  }
  const { workflow } = names;
  if (unknown.workflow !== null && workflow !== undefined && !(await isWorkflowStored(workflow, operations)))
    throw unknown.workflow;
  if (unknown.channel !== null && !(await hasMessages({ channel: names.channel }, operations))) throw unknown.channel;
  await checkRun(names.workflow_run_id, operations);
  await checkTenant(names.tenant, operations);
  if (names.recipient !== undefined) await checkRecipient(names.recipient, operations);
}

async function hasMessages(filter: FilterNames, local: LocalOperations): Promise<boolean> {
  return (await local.listMessages(filter, FIRST_ONLY)).items.length > 0;
}

async function checkRun(id: string | undefined, local: LocalOperations): Promise<void> {
  if (id !== undefined && (await local.readWorkflowRun(id)) === null)
    throw createMissingError(
      "--workflow-run",
      `there is no workflow run "${id}"`,
      id,
      "Run `knock runs list --json` to see the IDs.",
    );
}

async function checkTenant(id: string | undefined, { resources }: LocalOperations): Promise<void> {
  if (id === undefined || (await resources.tenants.read(id)) !== null) return;
  const { items } = await resources.tenants.list({}, { limit: MAX_CANDIDATES });
  const ids = items.map((item) => String(item.id));
  const hint = didYouMean(id, ids, "Tenants") ?? "The store has no tenants. Create one with `knock tenants set <id>`.";
  throw createMissingError("--tenant", `there is no tenant "${id}"`, id, hint);
}

/**
 * Throws `resource_missing`, with the nearest name, for a recipient of the local target that was never identified. The
 * API decides about recipients of the remote target.
 */
export async function checkRecipient(key: RecipientKey, operations: Operations): Promise<void> {
  if (!isLocal(operations)) return;
  const unidentified = await findUnidentifiedRecipient(key, operations.resources);
  if (unidentified === null) return;
  throw new KnockError("resource_missing", `${unidentified.description} was never identified`, {
    details: [{ pointer: "", message: "was never identified", value: unidentified.description }],
    hint: unidentified.suggestion ?? "Run `knock users list` to see known users.",
  });
}
