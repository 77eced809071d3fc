import type { Command } from "commander";
import type { CommandContext } from "../context/command-context.js";
import type { TargetAccess, TargetFlags } from "../context/target-flags.js";
import { paginateList } from "../domain/page/paginate-list.js";
import { collectUnknownScopeWarnings } from "../domain/preferences/collect-unknown-scope-warnings.js";
import { formatRecipient, type RecipientReference, toRecipientKey } from "../domain/recipient/recipient.js";
import { checkPreferenceKeys } from "../domain/validation/check-preference-keys.js";
import { KnockError } from "../errors/knock-error.js";
import { InputReader } from "../input/input-source.js";
import { type RequestBodyFlags, readRequestBody } from "../input/request-body.js";
import { printPreferencePage, printPreferenceSet } from "../output/print-preferences.js";
import { printDeleted } from "../output/print-resources.js";
import type { Operations } from "../ports/operations.js";
import type { JsonObject } from "../util/json.js";
import { changeRows, type RowChange } from "./shared/change-rows.js";
import { checkRecipient } from "./shared/check-filter-names.js";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./shared/help-groups.js";
import { addPageOptions, type PageFlags, parsePage } from "./shared/paging.js";
import {
  addBodyOptions,
  addResourceOptions,
  parseRecipientArgument,
  type ResourceFlags,
} from "./shared/resource-options.js";

/**
 * Returns a warning for each workflow of a preference set that the project does not have. The workflows of the remote
 * target are not known.
 */
async function collectUnknownWorkflowWarnings(
  { workflows }: JsonObject,
  flags: TargetFlags,
  { project, settings }: CommandContext,
): Promise<string[]> {
  if (workflows === undefined || (await settings.getTarget(flags)) === "remote") return [];
  const names = await project.readNames(flags);
  if (names === null) return [];
  const known = { workflows: [...names.workflows, ...names.otherSenders], categories: [] };
  return checkPreferenceKeys({ workflows }, known, []).map(({ path, message }) => `${path.join(".")} ${message}`);
}

type SetFlags = ResourceFlags & { setId: string };

/** The origin of preferences that this command sets. */
const COMMAND = "`knock preferences set`";

export function registerPreferences(program: Command, context: CommandContext): void {
  const preferences = program
    .command("preferences")
    .helpGroup(COMMAND_GROUPS.data)
    .summary("Show and change preferences")
    .description("Show and change the preference sets of users and objects: the default set and one set per tenant.");
  const verb = (name: string, description: string): Command =>
    preferences
      .command(name)
      .argument("<recipient>", "a user ID, or collection/id for an object")
      .description(description);
  const set = preferences
    .command("set")
    .argument("<recipient...>", "a user ID, or collection/id for an object")
    .description("Replace a preference set of one or more recipients, or merge into it with --merge");
  const addSetIdOption = (command: Command): Command =>
    command
      .optionsGroup(OPTION_GROUPS.selection)
      .option("--set-id <id>", "select the preference set: default, or a tenant ID", "default");

  /** Opens the preferences of an existing recipient: the defaults of the environment would hide a misspelled ID. */
  const openPreferences = async (reference: RecipientReference, flags: ResourceFlags, access: TargetAccess) => {
    const operations = await context.target.open(flags, access);
    await checkRecipient(toRecipientKey(reference), operations);
    return (await operations.openResources()).preferences;
  };

  const list = verb(
    "list",
    "List all preference sets of a recipient, including the defaults of the environment and tenant",
  );
  addResourceOptions(addPageOptions(list), ({ user }) => [`knock preferences list ${user}`]).action(
    async (recipient: string, flags: ResourceFlags & PageFlags) => {
      const page = parsePage(flags);
      const reference = parseRecipientArgument(recipient, "the recipient");
      const items = await (await openPreferences(reference, flags, "read")).list(reference);
      printPreferencePage(paginateList(items, page), context.output);
    },
  );

  addResourceOptions(
    addSetIdOption(verb("get", "Show a preference set, including the defaults of the environment and tenant")),
    ({ user, object, tenant }) => [
      `knock preferences get ${user}`,
      `knock preferences get ${object.collection}/${object.id} --set-id ${tenant} --json`,
    ],
  ).action(async (recipient: string, flags: SetFlags) => {
    const reference = parseRecipientArgument(recipient, "the recipient");
    const set = await (await openPreferences(reference, flags, "read")).read(reference, flags.setId);
    printPreferenceSet(set, context.output);
  });

  addResourceOptions(
    addBodyOptions(addSetIdOption(set))
      .optionsGroup(OPTION_GROUPS.behavior)
      .option("--merge", "merge into the set instead of replacing it"),
    ({ user, tenant, workflow }) => [
      `knock preferences set ${user} --data '{"channel_types":{"email":false}}'`,
      `knock preferences set ${user} --set-id ${tenant} --merge --set workflows.${workflow.key}:=false`,
    ],
  ).action(async (recipients: string[], flags: SetFlags & RequestBodyFlags & { merge?: boolean }) => {
    const references = [...new Set(recipients)].map((text) => parseRecipientArgument(text, "the recipient"));
    const body = await readRequestBody(flags, new InputReader(context.input));
    if (body === null)
      throw new KnockError("usage", "no preferences given", {
        hint: "Use --file, --data or --set. Run `knock preferences delete` to clear a set.",
      });
    for (const warning of collectUnknownScopeWarnings(body)) context.output.warn(warning);
    for (const warning of await collectUnknownWorkflowWarnings(body, flags, context)) context.output.warn(warning);
    const operations = await context.target.open(flags, "write");
    const resources = await operations.openResources();
    const requestBody = flags.merge ? { ...body, __persistence_strategy__: "merge" } : body;
    const [reference] = references;
    if (references.length === 1 && reference !== undefined)
      return printPreferenceSet(
        await resources.preferences.set(reference, flags.setId, requestBody, COMMAND),
        context.output,
      );
    await setMany(references, { id: flags.setId, body: requestBody }, operations, context);
  });

  addResourceOptions(
    addSetIdOption(verb("delete", "Clear a preference set, so that the defaults apply")),
    ({ user }) => [`knock preferences delete ${user}`],
  ).action(async (recipient: string, flags: SetFlags) => {
    const reference = parseRecipientArgument(recipient, "the recipient");
    await (await openPreferences(reference, flags, "write")).delete(reference, flags.setId);
    printDeleted("preference set", `${formatRecipient(reference)} ${flags.setId}`, context.output);
  });
}

/** Changes a preference set of several recipients. The API's request for many replaces the sets of users. */
async function setMany(
  references: readonly RecipientReference[],
  set: { id: string; body: JsonObject },
  operations: Operations,
  context: CommandContext,
): Promise<void> {
  const { preferences, bulk } = await operations.openResources();
  const users = references.filter((reference) => typeof reference === "string");
  const isBulk = users.length === references.length && set.body.__persistence_strategy__ === undefined;
  const change: RowChange<RecipientReference> = {
    words: { noun: "preference set", verb: "set", progress: "setting preference sets" },
    getId: formatRecipient,
    changeOne: (reference) => preferences.set(reference, set.id, set.body, COMMAND),
    changeMany: isBulk
      ? bulk && ((chunk, options) => bulk.setPreferences(chunk.map(formatRecipient), set, options))
      : undefined,
  };
  await changeRows(references, change, operations, context);
}
