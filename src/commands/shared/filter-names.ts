import type { RecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import { isLocal, type LocalOperations, type Operations } from "../../ports/operations.js";
import { didYouMean, nearest } from "../../util/nearest.js";
import type { CommandContext } from "../context.js";
import type { ProjectNames, TargetFlags } from "../services.js";
import { strangerOf } from "./strangers.js";

/** What the filters of a list name. */
export interface FilterNames {
  workflow?: string | undefined;
  workflow_run_id?: string | undefined;
  channel?: string | undefined;
  recipient?: RecipientKey | undefined;
  tenant?: string | undefined;
}

const FIRST = { limit: 1 };
const MOST_NAMES = 50;

function missing(flag: string, message: string, value: string, hint: string | undefined): KnockError {
  return new KnockError("resource_missing", `${flag}: ${message}`, {
    details: [{ pointer: "", message, value }],
    hint,
  });
}

/** A channel's key or id; of a word that is a channel type, the channels of that type are meant. */
function channelHint(typed: string, channels: ProjectNames["channels"]): string | undefined {
  const ofType = channels.filter(({ type }) => type === typed.replaceAll("-", "_")).map(({ key }) => `"${key}"`);
  if (ofType.length === 1) return `Did you mean ${ofType[0]}?`;
  if (ofType.length > 1) return `Did you mean one of ${ofType.join(", ")}?`;
  return didYouMean(
    typed,
    channels.map(({ key }) => key),
    "Channels",
  );
}

/** Returns the nearest of all senders, or the list of workflows. */
function workflowHint(typed: string, { workflows, otherSenders }: ProjectNames): string | undefined {
  const near = nearest(typed, [...workflows, ...otherSenders]);
  return near === undefined ? didYouMean(typed, workflows, "Workflows") : `Did you mean "${near}"?`;
}

/** What is wrong with the names of workflow and channel as the project's files go; the store may still know them. */
function faultsOf({ workflow, channel }: FilterNames, names: ProjectNames) {
  const knowsChannel = names.channels.some(({ key, id }) => key === channel || id === channel);
  return {
    workflow:
      workflow === undefined || names.workflows.includes(workflow) || names.otherSenders.includes(workflow)
        ? null
        : missing("--workflow", `there is no workflow "${workflow}"`, workflow, workflowHint(workflow, names)),
    channel:
      channel === undefined || knowsChannel
        ? null
        : missing("--channel", `there is no channel "${channel}"`, channel, channelHint(channel, names.channels)),
  };
}

/**
 * Checks the names in the filters of a list that came out empty: entries show that every name is known. Throws `resource_missing`
 * for a name that neither the project's files nor the local store know, with the nearest one. A remote target may have more than the
 * project: there it prints a note.
 */
export async function checkFilterNames(
  names: FilterNames,
  flags: TargetFlags,
  operations: Operations,
  context: CommandContext,
): Promise<void> {
  const known = await context.project.names(flags);
  const faults = known === null ? { workflow: null, channel: null } : faultsOf(names, known);
  if (!isLocal(operations)) {
    for (const fault of [faults.workflow, faults.channel])
      if (fault !== null)
        context.output.note(`note: this project has no such name: ${fault.message}. ${fault.hint ?? ""}`);
    return;
  }
  if (faults.workflow !== null && !(await isWorkflowStored(names.workflow as string, operations)))
    throw faults.workflow;
  if (faults.channel !== null && !(await hasMessages({ channel: names.channel }, operations))) throw faults.channel;
  await checkRun(names.workflow_run_id, operations);
  await checkTenant(names.tenant, operations);
  await checkRecipient(names.recipient, operations);
}

async function hasMessages(filter: FilterNames, local: LocalOperations): Promise<boolean> {
  return (await local.listMessages(filter, FIRST)).items.length > 0;
}

/** A name that the store knows from earlier runs or schedules stays valid after its files are gone. */
async function isWorkflowStored(workflow: string, local: LocalOperations): Promise<boolean> {
  const runs = await local.listRecipientRuns({ workflow }, FIRST);
  if (runs.items.length > 0 || (await hasMessages({ workflow }, local))) return true;
  return (await local.resources.schedules.list({ workflow }, FIRST)).items.length > 0;
}

async function checkRun(id: string | undefined, local: LocalOperations): Promise<void> {
  if (id !== undefined && (await local.readWorkflowRun(id)) === null)
    throw missing(
      "--workflow-run",
      `there is no workflow run "${id}"`,
      id,
      "Run `knock runs list --json` to see the IDs.",
    );
}

async function checkTenant(id: string | undefined, { resources }: LocalOperations): Promise<void> {
  if (id === undefined || (await resources.tenants.read(id)) !== null) return;
  const { items } = await resources.tenants.list({}, { limit: MOST_NAMES });
  const ids = items.map((item) => String(item.id));
  throw missing("--tenant", `there is no tenant "${id}"`, id, didYouMean(id, ids, "Tenants"));
}

async function checkRecipient(key: RecipientKey | undefined, { resources }: LocalOperations): Promise<void> {
  const stranger = key === undefined ? null : await strangerOf(key, resources);
  if (stranger === null) return;
  throw new KnockError("resource_missing", `${stranger.who} was never identified`, {
    details: [{ pointer: "", message: "was never identified", value: stranger.who }],
    hint: stranger.near ?? "Run `knock users list` to see known users.",
  });
}
