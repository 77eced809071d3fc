import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { type ExampleNames, type ExampleWorkflow, SAMPLE_NAMES, STORED_IDS } from "../commands/shared/examples.js";
import { buildSampleData } from "../domain/data-schema/build-sample-data.js";
import { matchesSchema } from "../domain/data-schema/check-trigger-data.js";
import { splitRecipientKey, TENANTS, USERS } from "../domain/recipient/recipient.js";
import { isChannelStep } from "../domain/step-types/channel-step.js";
import { walkSteps } from "../domain/step-types/walk-steps.js";
import type { Workflow } from "../domain/workflow/workflow.js";
import { listFolder } from "../project/list-folder.js";
import type { Project } from "../project/open-project.js";

/** The longest data that fits into a line of an example. */
const MAX_DATA_LENGTH = 56;
/** The IDs in examples before there is a store. */
const UNKNOWN_IDS: Record<keyof typeof STORED_IDS, string> = {
  run: "<run-id>",
  message: "<message-id>",
  messages: "<message-id>",
  schedule: "<schedule-id>",
};
const WAITING_STEPS = new Set(["delay", "batch", "wait_for_event"]);

/** Returns the result of reading a part of the project, or the fallback if that part is invalid. */
async function readOr<T>(fallback: T, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch {
    return fallback;
  }
}

/** Names that a shell does not change. Other names are not shown. */
const PLAIN_NAME = /^[\w@.+-]+$/;

/** Returns the sample's name if the project has it, or else the first plain name, or else the description. */
function pickName(names: readonly string[], sample: string, description: string): string {
  return names.includes(sample) ? sample : (names.find((name) => PLAIN_NAME.test(name)) ?? description);
}

/** Returns the workflow with sample data and a channel step. The data is null if an example cannot show it. */
function toExampleWorkflow({ key, steps, trigger_data_json_schema: schema }: Workflow): ExampleWorkflow {
  const sample = [SAMPLE_NAMES.workflow, SAMPLE_NAMES.waiting].find((workflow) => workflow.key === key);
  const isSampleValid = sample?.data && (schema === null || matchesSchema(schema, sample.data));
  const data = isSampleValid ? sample.data : buildSampleData(schema);
  const text = JSON.stringify(data);
  const refs = [...walkSteps(steps)].filter(({ step }) => isChannelStep(step)).map(({ step }) => step.ref);
  return {
    key,
    data: text.length <= MAX_DATA_LENGTH && !text.includes("'") ? data : null,
    step: pickName(refs, SAMPLE_NAMES.workflow.step, "<step-ref>"),
  };
}

/** Returns the workflow for most examples, and one whose runs wait. Workflows whose data can be shown come first. */
async function readWorkflows(project: Project): Promise<Pick<ExampleNames, "workflow" | "waiting">> {
  const samples = [SAMPLE_NAMES.workflow.key, SAMPLE_NAMES.waiting.key];
  const keys = (await readOr([], () => project.workflowKeys())).sort(
    (a, b) => Number(samples.includes(b)) - Number(samples.includes(a)) || a.localeCompare(b),
  );
  const shown: { workflow: ExampleWorkflow; isWaiting: boolean }[] = [];
  for (const key of keys) {
    const workflow = await readOr(null, () => project.workflow(key));
    if (workflow === null) continue;
    const isWaiting = [...walkSteps(workflow.steps)].some(({ step }) => WAITING_STEPS.has(step.type));
    shown.push({ workflow: toExampleWorkflow(workflow), isWaiting });
  }
  shown.sort((a, b) => Number(a.workflow.data === null) - Number(b.workflow.data === null));
  const pick = (sample: ExampleWorkflow, from: typeof shown): ExampleWorkflow | undefined =>
    (from.find(({ workflow }) => workflow.key === sample.key) ?? from[0])?.workflow;
  const none: ExampleWorkflow = { key: "<workflow>", data: null, step: "<step-ref>" };
  const workflow = pick(SAMPLE_NAMES.workflow, shown) ?? none;
  const waiting = pick(
    SAMPLE_NAMES.waiting,
    shown.filter(({ isWaiting }) => isWaiting),
  );
  return { workflow, waiting: waiting ?? workflow };
}

type RecipientNames = Pick<ExampleNames, "user" | "users" | "otherUser" | "actor" | "object" | "tenant" | "audience">;

async function readRecipients(project: Project): Promise<RecipientNames> {
  const files = await readOr([], () => project.readChangedRecipients(new Map()));
  const keys = files.flatMap(({ recipients }) => recipients.map(({ key }) => splitRecipientKey(key)));
  const users = keys.filter(({ collection }) => collection === USERS).map(({ id }) => id);
  const tenants = keys.filter(({ collection }) => collection === TENANTS).map(({ id }) => id);
  const objects = keys.filter(
    ({ collection, id }) =>
      collection !== USERS && collection !== TENANTS && PLAIN_NAME.test(collection) && PLAIN_NAME.test(id),
  );
  const { object: sampleObject } = SAMPLE_NAMES;
  const isSampleObject = ({ collection, id }: typeof sampleObject): boolean =>
    collection === sampleObject.collection && id === sampleObject.id;
  const user = pickName(users, SAMPLE_NAMES.user, "<user-id>");
  const others = users.filter((id) => id !== user);
  const otherUser = pickName(others, SAMPLE_NAMES.otherUser, user);
  return {
    user,
    otherUser,
    users: otherUser === user ? user : `${user},${otherUser}`,
    actor: pickName(others, SAMPLE_NAMES.actor, user),
    object: objects.find(isSampleObject) ?? objects[0] ?? { collection: "<collection>", id: "<id>" },
    tenant: pickName(tenants, SAMPLE_NAMES.tenant, "<tenant-id>"),
    audience: pickName(
      files.flatMap(({ audiences }) => audiences.map(({ key }) => key)),
      SAMPLE_NAMES.audience,
      "<audience>",
    ),
  };
}

/**
 * Returns names of the project for examples. A name of the sample project is used if the project also has it. Files
 * that cannot be read are left out, because the commands that use them report the error.
 */
export async function readExampleNames(project: Project, storePath: string, cwd: string): Promise<ExampleNames> {
  const listKeys = (folder: string): Promise<string[]> =>
    readOr([], () => listFolder(join(project.knockDir, folder), (path) => path).sort());
  const pickFile = (path: string, description: string): string => (existsSync(resolve(cwd, path)) ? path : description);
  const channels = await readOr([], async () => Object.keys((await project.environment()).channels));
  const stored = existsSync(storePath) ? STORED_IDS : UNKNOWN_IDS;
  return {
    ...(await readWorkflows(project)),
    ...(await readRecipients(project)),
    channel: pickName(channels, SAMPLE_NAMES.channel, "<channel>"),
    source: pickName(await listKeys("sources"), SAMPLE_NAMES.source, "<source>"),
    broadcast: pickName(await listKeys("broadcasts"), SAMPLE_NAMES.broadcast, "<broadcast>"),
    payloadFile: pickFile(SAMPLE_NAMES.payloadFile, "<payload.json>"),
    linesFile: pickFile(SAMPLE_NAMES.linesFile, "<payloads.jsonl>"),
    timedFile: pickFile(SAMPLE_NAMES.timedFile, "<triggers.jsonl>"),
    eventFile: pickFile(SAMPLE_NAMES.eventFile, "<event.json>"),
    storeFile: pickFile(SAMPLE_NAMES.storeFile, "<store.db>"),
    ...stored,
  };
}
