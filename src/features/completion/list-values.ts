import { join } from "node:path";
import {
  type Candidate,
  type Completions,
  FILES,
  type ListValues,
  type Position,
  toCandidate,
} from "../../commands/shared/feature.js";
import { splitRecipientKey, TENANTS, USERS } from "../../domain/recipient/recipient.js";
import { walkSteps } from "../../domain/step-types/walk-steps.js";
import type { LocalOperations } from "../../ports/operations.js";
import { listFolder } from "../../project/list-folder.js";
import { listBranches } from "../../project/project-folders.js";
import { isJsonObject, type JsonObject } from "../../util/json.js";

/** The depth of objects in `--set` paths that are completed. */
const MAX_DEPTH = 5;

/** Returns the values that a schema lists, as JSON; null if it does not list them. */
function listValues(schema: JsonObject): unknown[] | null {
  if ("const" in schema) return [schema.const];
  if (Array.isArray(schema.enum)) return schema.enum;
  return schema.type === "boolean" ? [true, false] : null;
}

const isText = (schema: JsonObject): boolean => schema.type === "string" || schema.type === undefined;

/** Yields the properties of a schema that have no properties of their own, with their paths. */
function* walkProperties(schema: JsonObject, prefix: string, depth: number): Generator<[path: string, JsonObject]> {
  if (!isJsonObject(schema.properties) || depth > MAX_DEPTH) return;
  for (const [name, property] of Object.entries(schema.properties)) {
    if (!/^[\w-]+$/.test(name) || !isJsonObject(property)) continue;
    const path = prefix === "" ? name : `${prefix}.${name}`;
    if (isJsonObject(property.properties)) yield* walkProperties(property, path, depth + 1);
    else yield [path, property];
  }
}

/** Returns the arguments of `--set` that a schema allows: paths, and values for a word that already has a path. */
function listDataArguments(schema: JsonObject, current: string): Candidate[] {
  const [, path, operator = "="] = /^([^=:]*)(:?=)/.exec(current) ?? [];
  const candidates: Candidate[] = [];
  for (const [name, property] of walkProperties(schema, "", 0)) {
    const description = typeof property.description === "string" ? property.description : "";
    if (path === undefined) candidates.push({ name: `${name}${isText(property) ? "=" : ":="}`, description });
    else if (name === path)
      for (const value of listValues(property) ?? []) {
        const text = operator === "=" && typeof value === "string" ? value : JSON.stringify(value);
        candidates.push({ name: `${path}${operator}${text}`, description: "" });
      }
  }
  return candidates;
}

const listFiles: ListValues = async () => [toCandidate(FILES)];

const listWorkflows: ListValues = async (project) => (await project.workflowKeys()).map(toCandidate);

const listFolderKeys =
  (folder: string): ListValues =>
  async ({ knockDir }) =>
    listFolder(join(knockDir, folder), (path) => path).map((name) => toCandidate(name.replace(/\.json$/, "")));

const listChannels: ListValues = async (project) =>
  Object.entries((await project.environment()).channels).map(([name, channel]) => ({
    name,
    description: channel?.type ?? "",
  }));

const listSteps: ListValues = async (project, { args }) => {
  const workflow = await project.workflow(args[0] ?? "");
  return [...walkSteps(workflow?.steps ?? [])].map(({ step }) => ({ name: step.ref, description: step.type }));
};

/** Returns the recipients of the project's files as the option or argument takes them. */
const listRecipients =
  (format: (id: string, collection: string, position: Position) => string | null): ListValues =>
  async (project, position) => {
    const files = await project.readChangedRecipients(new Map());
    return files
      .flatMap(({ recipients }) =>
        recipients.flatMap(({ key }) => {
          const { collection, id } = splitRecipientKey(key);
          return format(id, collection, position) ?? [];
        }),
      )
      .map(toCandidate);
  };

const isObjectCollection = (collection: string): boolean => collection !== USERS && collection !== TENANTS;

const listUsers = listRecipients((id, collection) => (collection === USERS ? id : null));
const listTenants = listRecipients((id, collection) => (collection === TENANTS ? id : null));
const listObjects = listRecipients((id, collection) => (isObjectCollection(collection) ? `${collection}/${id}` : null));
const listCollections = listRecipients((_, collection) => (isObjectCollection(collection) ? collection : null));
const listObjectIds = listRecipients((id, collection, { args }) => (collection === args[0] ? id : null));
const listUsersAndObjects: ListValues = async (...input) => [
  ...(await listUsers(...input)),
  ...(await listObjects(...input)),
];

/** Completes the last ID of a list that is separated by commas. */
const inList =
  (list: ListValues): ListValues =>
  async (project, position, current, context) => {
    const start = current.slice(0, current.lastIndexOf(",") + 1);
    const listed = start.split(",");
    return (await list(project, position, current, context))
      .filter(({ name }) => !listed.includes(name))
      .map(({ name, description }) => ({ name: start + name, description }));
  };

const listData: ListValues = async (project, { args, command }, current) => {
  if (!command.registeredArguments.some((argument) => argument.name() === "workflow")) return [];
  const schema = (await project.workflow(args[0] ?? ""))?.trigger_data_json_schema;
  return schema ? listDataArguments(schema, current) : [];
};

const listAudiences: ListValues = async (project) => {
  const files = await project.readChangedRecipients(new Map());
  const keys = files.flatMap(({ audiences }) => audiences.map(({ key }) => key));
  return [...keys, ...(await project.audiences()).map(({ key }) => key)].map(toCandidate);
};

/** The number of the newest runs, messages and schedules whose IDs are completed. */
const MAX_STORED = 100;

/** Lists IDs from the local store, if it exists, with the workflow and the recipient. */
const listStored =
  (list: (operations: LocalOperations) => Promise<readonly JsonObject[]>): ListValues =>
  async (_project, { values }, _current, { target }) => {
    const flags = {
      project: values.get("--project"),
      knockDir: values.get("--knock-dir"),
      store: values.get("--store"),
      local: true,
    };
    if (!(await target.hasStore(flags))) return [];
    return (await list(await target.openForCheck(flags))).map(({ id, workflow, recipient }) => {
      const to = isJsonObject(recipient) ? (recipient.id ?? "") : recipient;
      return { name: String(id), description: `${workflow} to ${to}` };
    });
  };

const NEWEST = { limit: MAX_STORED };
const listRuns = listStored(async (operations) => {
  const { items } = await operations.listRecipientRuns({}, NEWEST);
  return items.map((run) => ({ ...run, id: run.workflow_run_id ?? "" }));
});
const listMessages = listStored(async (operations) => (await operations.listMessages({}, NEWEST)).items);
const listSchedules = listStored(async (operations) => {
  const { schedules } = await operations.openResources();
  return (await schedules.list({}, NEWEST)).items;
});

/** Lists the values of options, by long name. */
const OPTION_VALUES: Readonly<Record<string, ListValues>> = {
  "--recipients": inList(listUsers),
  "--recipient": inList(listUsersAndObjects),
  "--actor": listUsers,
  "--object": listObjects,
  "--collection": inList(listCollections),
  "--tenant": listTenants,
  "--workflow": listWorkflows,
  "--channel": listChannels,
  "--workflow-run": listRuns,
  "--audience": listAudiences,
  "--source": listFolderKeys("sources"),
  "--branch": async (project) => listBranches(project).map(toCandidate),
  "--environment": listFolderKeys("environments"),
  "--set": listData,
  "--file": listFiles,
  "--csv": listFiles,
  "--output-file": listFiles,
  "--project": listFiles,
  "--knock-dir": listFiles,
  "--store": listFiles,
  "--ready-file": listFiles,
};

/** Lists the values of arguments, by command and name of the argument, or by the name alone. */
const ARGUMENT_VALUES: Readonly<Record<string, ListValues>> = {
  workflow: listWorkflows,
  "workflows key": listWorkflows,
  "step-ref": listSteps,
  user: listUsers,
  recipient: listUsersAndObjects,
  collection: listCollections,
  "users id": listUsers,
  "tenants id": listTenants,
  "objects id": listObjectIds,
  "subscriptions id": listObjectIds,
  "audiences key": listAudiences,
  "sources key": listFolderKeys("sources"),
  "broadcasts key": listFolderKeys("broadcasts"),
  "runs id": listRuns,
  "messages id": listMessages,
  "schedules id": listSchedules,
  keys: listWorkflows,
  folder: listFiles,
};

const getOwn = (table: Readonly<Record<string, ListValues>>, name: string): ListValues | undefined =>
  Object.hasOwn(table, name) ? table[name] : undefined;

/** Returns what lists the values of an option or argument, also those of features; undefined if they are not known. */
export function findValues(
  { option, argument, command }: Position,
  features: readonly Completions[],
): ListValues | undefined {
  const find = (kind: keyof Completions, own: Completions["options"], name: string): ListValues | undefined =>
    [own, ...features.map((completions) => completions[kind])].map((table) => getOwn(table, name)).find(Boolean);
  if (option !== null) return find("options", OPTION_VALUES, option.long ?? "");
  const name = argument?.name() ?? "";
  return (
    find("arguments", ARGUMENT_VALUES, `${command.parent?.name()} ${name}`) ?? find("arguments", ARGUMENT_VALUES, name)
  );
}
