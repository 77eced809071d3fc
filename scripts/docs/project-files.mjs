// Generates docs/reference/files/: a page for each kind of project file, from the published JSON Schemas.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { collectExamples } from "../documentation/collect-examples.mjs";
import { readSchema } from "../documentation/json-schema.mjs";
import { formatCode, formatJson, formatTable, joinParts } from "../documentation/markdown.mjs";
import { SchemaPage } from "../documentation/schema-page.mjs";
import { loadStepAnswers } from "../documentation/step-answers.mjs";
import { loadSource, ROOT } from "../load-source.mjs";

const FOLDER = "docs/reference/files";

/**
 * The pages: the file's location below the project's folder, an introduction, and a file of the sample projects as an
 * example.
 */
const DOCUMENTS = [
  {
    schema: "knock",
    title: "knock.json",
    location: "knock.json",
    summary: "The root of a project",
    text: "Marks the root of a project. Commands look for it in the working directory and its parents. [`knock init`](../commands/init.md) creates it.",
    example: "fixtures/collab/knock.json",
  },
  {
    schema: "environment",
    title: "environment.json",
    location: "knock/environment.json",
    summary: "Channels, variables, default preferences and settings of the local API",
    text: "Contains the settings that the dashboard of the hosted service contains. Every property is optional. `--environment <name>` applies `environments/<name>.json` over this file.",
    example: "fixtures/collab/knock/environment.json",
  },
  {
    schema: "workflow",
    title: "workflow.json",
    location: "knock/workflows/<key>/workflow.json",
    summary: "Steps, conditions and templates of a workflow",
    text: "Defines a workflow. The folder's name is the workflow's key. [Your first workflow](../../guide/first-workflow.md) builds one. [Templates and conditions](../../guide/templates-and-conditions.md) describes variables and operators.",
    example: "fixtures/collab/knock/workflows/new-comment/workflow.json",
  },
  {
    schema: "recipients",
    title: "recipients/*.json",
    page: "recipients-json",
    location: "knock/recipients/*.json",
    summary: "Users, objects, tenants, subscriptions and audience members to load",
    text: "Contains recipients that the local store loads. The files are applied in name order when the store is first opened, and again when their content changes. Recipients are merged deeply. Removing a recipient from a file does not delete it from the store.",
    example: "fixtures/collab/knock/recipients/workspace.json",
  },
  {
    schema: "schedules",
    title: "schedules/*.json",
    location: "knock/schedules/*.json",
    summary: "Schedules to create",
    text: "Contains schedules of the local store. Each entry is a request to create schedules, as the API takes it, with a `key`. The files are applied when the store is first opened, and again when their content changes. An entry that keeps its `key`, its `workflow` and its file changes its schedules; a removed entry or file deletes them. Schedules that you create in another way are never changed. Scenarios, replays and forecasts start without schedules. In a run, `recipient.schedule.last_occurrence_at` is the time of this run, also in the first one, and `next_occurrence_at` the time of the next run. Before the first run, `knock schedules show` prints no last time. The service's documentation doesn't say which of its runs `last_occurrence_at` means, so don't compute a period from it. [Time and batches](../../guide/time-and-batches.md) has an example to try.",
    sample: {
      schedules: [
        {
          key: "weekly-handover",
          workflow: "handover",
          recipients: ["ada", "grace"],
          repeats: [{ frequency: "weekly", days: ["mon"], hours: 9 }],
        },
      ],
    },
  },
  {
    schema: "prices",
    title: "prices.json",
    location: "knock/prices.json",
    summary: "Prices of messages",
    text: "Contains the prices of messages, with which [`knock forecast`](../commands/forecast.md) and [`knock review`](../commands/review.md) show what a month costs. Several prices can be for the same channel type. The one with the most matching fields applies, and the first one if several match equally well. Amounts are exact. A message without a price is listed as not priced, so give free messages the price 0. [Forecast messages](../../guide/forecast.md#show-what-messages-cost) has an example to try.",
    sample: {
      currency: "EUR",
      messages: [
        { channel_type: "email", per: "message", tiers: [{ up_to: 10_000, price: 0 }, { price: 0.0009 }] },
        { channel_type: "sms", per: "segment", price: 0.08 },
        { channel_type: "sms", provider: "twilio", country: "US", per: "segment", price: 0.0079 },
        { channel_type: "in_app_feed", per: "message", price: 0 },
      ],
      plan: { per: "recipient", price: 0.01 },
    },
  },
  {
    schema: "scenario",
    title: "*.test.yaml",
    page: "scenarios-yaml",
    location: "knock/**/*.test.yaml",
    summary: "Scenarios that test workflows",
    text: "Contains scenarios that [`knock test`](../commands/test.md) runs. YAML and JSON are accepted. Files next to a workflow are easiest to find.",
    example: "fixtures/collab/knock/workflows/new-comment/comments.test.yaml",
  },
  {
    schema: "source",
    title: "source.json",
    location: "knock/sources/<key>/source.json",
    summary: "Actions for the events of another system",
    text: "Maps events of another system to actions, such as triggering a workflow. [`knock sources send`](../commands/sources.md) sends an event.",
    example: "fixtures/collab/knock/sources/billing/source.json",
  },
  {
    schema: "broadcast",
    title: "broadcast.json",
    location: "knock/broadcasts/<key>/broadcast.json",
    summary: "One message to many recipients",
    text: "Defines a message that is sent once to many recipients. [`knock broadcasts`](../commands/broadcasts.md) sends or schedules it. %broadcast_steps%",
    example: "fixtures/collab/knock/broadcasts/history-launch/broadcast.json",
  },
  {
    schema: "layout",
    title: "layout.json",
    location: "knock/layouts/<key>/layout.json",
    summary: "The frame of emails",
    text: "Defines the frame of emails. An email step selects it with `settings.layout_key`; an email without it has no layout. The key `default` names a plain built-in layout, unless the project has one with this key.",
    example: "fixtures/shop/knock/layouts/default/layout.json",
  },
  {
    schema: "partial",
    title: "partial.json",
    location: "knock/partials/<key>/partial.json",
    summary: "A part of templates that several workflows use",
    text: 'Defines content that templates include with `{% render "<key>" %}`, or as a visual block.',
    example: "fixtures/shop/knock/partials/order-line/partial.json",
  },
  {
    schema: "translation",
    title: "translations/*.json",
    page: "translations-json",
    location: "knock/translations/<locale>/[<tenant>~][<namespace>.]<locale>.json",
    summary: "Texts of templates by locale",
    text: 'Contains the texts of one locale by key. Templates read them with the filter `t`. Objects nest: `{ "cart": { "title": "Your cart" } }` is read as `{{ "cart.title" | t }}`. A text with the keys `one` and `other` has plural forms. A file name may have a namespace (`storage.de.json`) and a tenant (`lumen~storage.de.json`).',
    example: "fixtures/collab/knock/translations/de/storage.de.json",
  },
  {
    schema: "guide",
    title: "guide.json",
    location: "knock/guides/<key>/guide.json",
    summary: "An in-app guide",
    text: "Defines an in-app guide, which [`knock dev`](../commands/dev.md) serves. Its steps fill in the fields of a [message type](message-type-json.md).",
    example: "fixtures/collab/knock/guides/history-is-here/guide.json",
  },
  {
    schema: "message-type",
    title: "message_type.json",
    page: "message-type-json",
    location: "knock/message-types/<key>/message_type.json",
    summary: "The fields of a guide's step",
    text: "Defines the fields that the steps of [guides](guide-json.md) fill in.",
    example: "fixtures/collab/knock/message-types/banner/message_type.json",
  },
  {
    schema: "audience",
    title: "audience.json",
    location: "knock/audiences/<key>/audience.json",
    summary: "A set of users",
    text: "Defines a set of users for broadcasts, workflows and guides. Members of a static audience are added with [`knock audiences add`](../commands/audiences.md) or in [recipients files](recipients-json.md).",
    example: "fixtures/shop/knock/audiences/club/audience.json",
  },
  {
    schema: "request",
    title: "request.json",
    location: "knock/requests/<key>/request.json",
    summary: "A request that several fetch steps share",
    text: "Defines a request that fetch steps of several workflows share. A step names it with `settings.reusable_step_key`, and passes `settings.inputs`.",
    example: "fixtures/shop/knock/requests/carrier-parcel/request.json",
  },
];

/** Formats that several properties or documents have, each described on one page. */
const SHARED = [
  {
    definition: "condition_group",
    title: "Conditions",
    text: "An object with a list `all` or `any` of conditions.",
    noun: "conditions",
    plural: "conditions",
    page: "workflow-json.md",
  },
  { definition: "step", title: "Steps", noun: "step", plural: "steps", page: "workflow-json.md" },
  {
    definition: "channel_overrides",
    title: "Channel overrides",
    text: "Settings that take precedence over those of the channel.",
    noun: "channel overrides",
    plural: "channel overrides",
    page: "workflow-json.md",
  },
  {
    definition: "send_windows",
    title: "Send windows",
    text: "A list with one entry for each of the seven days.",
    noun: "send windows",
    plural: "send windows",
    page: "workflow-json.md",
  },
  {
    definition: "preference_set",
    title: "Preference set",
    text: "The preferences of a recipient.",
    noun: "preference set",
    plural: "preference sets",
    page: "recipients-json.md",
  },
  {
    definition: "channel_data",
    title: "Channel data",
    text: "The tokens and connections through which a recipient is reached.",
    noun: "channel data",
    plural: "channel data",
    page: "recipients-json.md",
  },
  {
    matches: ({ anyOf = [] }) =>
      anyOf.length === 2 && anyOf.some(({ properties }) => properties?.$trigger_data !== undefined),
    title: "Recipient",
    text: "A user ID, or an object with these properties. An object with a `collection` is an object recipient.",
    noun: "recipient",
    plural: "recipients",
    page: "recipients-json.md",
  },
  {
    matches: ({ anyOf = [] }) => anyOf.some(({ properties }) => properties?.channel_types !== undefined),
    title: "Preference of a category or workflow",
    text: "`true` or `false`, or an object with these properties.",
    noun: "preference",
    plural: "preferences",
    page: "recipients-json.md",
  },
  {
    matches: ({ anyOf = [] }) =>
      anyOf.some(({ type }) => type === "boolean") &&
      anyOf.some(({ properties }) => properties?.conditions !== undefined),
    title: "Preference",
    text: "`true` or `false`, or an object with these properties.",
    noun: "preference",
    plural: "preferences",
    page: "recipients-json.md",
  },
  {
    matches: ({ anyOf = [] }) => anyOf.some(({ properties }) => properties?.outcome !== undefined),
    title: "Step outcome",
    text: "An outcome such as `sent`, or an object with these properties.",
    noun: "step outcome",
    plural: "step outcomes",
    page: "scenarios-yaml.md",
  },
  {
    matches: ({ anyOf = [] }) => anyOf.some(({ properties }) => properties?.excludes !== undefined),
    title: "Text matcher",
    text: "The whole value, or an object with one of these properties.",
    noun: "text matcher",
    plural: "text matchers",
    page: "scenarios-yaml.md",
  },
  {
    matches: ({ properties }) => properties?.max_connections !== undefined,
    title: "Providers",
    anchor: "",
    noun: "settings of the provider",
    plural: "settings of the provider",
    page: "../providers.md",
  },
  {
    matches: ({ properties }) => properties?.type?.enum?.includes("button_set"),
    title: "Visual blocks",
    text: "The parts of an email's body. The type of a block determines its other properties.",
    noun: "visual block",
    plural: "visual blocks",
    page: "workflow-json.md",
  },
  {
    matches: ({ properties }) => Object.keys(properties ?? {}).join() === "unit,value",
    title: "Durations",
    text: 'A length of time, such as `{ "unit": "hours", "value": 4 }`.',
    noun: "duration",
    plural: "durations",
    page: "workflow-json.md",
  },
];

const STEP_TYPES = readSchema("workflow").$defs.step.properties.type.enum;

/** Returns the title of a variant's section. */
function formatVariantTitle(field, name) {
  if (field === "channel_type") return `Template of \`${name}\` channels`;
  if (field === "action_type") return `Action \`${name}\``;
  if (field === "event_type") return `Event type \`${name}\``;
  if (STEP_TYPES.includes(name)) return `Step type \`${name}\``;
  return `Type \`${name}\``;
}

const FILE_REFERENCES = `A text can be in a file of its own. Add \`@\` to the property's name and give the path of the file, relative to this one: \`"html_body@": "email_1/html_body.html"\`.`;

const getPageName = ({ page, schema }) => `${page ?? `${schema}-json`}.md`;

/** Returns a file of a sample project. JSON is shown without the fields that the hosted service writes. */
function readExample(path) {
  const text = readFileSync(join(ROOT, path), "utf8");
  if (!path.endsWith(".json")) return formatCode(text.trim(), "yaml");
  const { $schema, __readonly, ...document } = JSON.parse(text);
  return formatCode(formatJson(document), "json");
}

/** Names in introductions that are values, filters, variables of runs or keys that users choose, and no properties. */
const NOT_PROPERTIES = new Set([
  ...["default", "t", "one", "other"],
  ...["recipient", "schedule", "last_occurrence_at", "next_occurrence_at"],
]);

/** Returns the names of all properties of a schema and its parts. */
function collectPropertyNames(node, names = new Set()) {
  if (typeof node !== "object" || node === null) return names;
  for (const name of Object.keys(node.properties ?? {})) names.add(name);
  for (const part of Object.values(node)) collectPropertyNames(part, names);
  return names;
}

/** Throws if an introduction names a property that no project file has. */
function checkPropertyNames(documents) {
  const known = documents.reduce((names, { schema }) => collectPropertyNames(readSchema(schema), names), new Set());
  for (const { title, text } of documents)
    for (const [, path] of text.matchAll(/`((?![a-z_.]+\.json`)[a-z_]+(?:\.[a-z_]+)*)`/g))
      for (const name of path.split("."))
        if (!known.has(name) && !NOT_PROPERTIES.has(name))
          throw new Error(`${FOLDER}: the page of ${title} names \`${path}\`, which is no property of a project file`);
}

const listNames = new Intl.ListFormat("en", { type: "conjunction" });

/** Returns the sentence that names the step types of broadcasts. */
async function describeBroadcastSteps() {
  const { STEP_DEFINITIONS } = await loadSource(
    `export { STEP_DEFINITIONS } from "./src/domain/step-types/step-definitions.ts"`,
  );
  const types = Object.entries(STEP_DEFINITIONS).flatMap(([type, { isAllowedInBroadcasts }]) =>
    isAllowedInBroadcasts ? [`\`${type}\``] : [],
  );
  return `Its steps are of the types ${listNames.format(types)}.`;
}

function buildPage(document, findExample, notes) {
  const schema = readSchema(document.schema);
  const page = new SchemaPage(schema, {
    page: getPageName(document),
    shared: SHARED,
    findExample,
    titles: formatVariantTitle,
    notes: document.schema === "workflow" ? notes : undefined,
  });
  const properties = page.build();
  return joinParts(
    `# ${document.title}`,
    document.text,
    `Location: \`${document.location}\`. JSON Schema for editors: [\`schemas/${document.schema}.schema.json\`](../../../schemas/${document.schema}.schema.json).`,
    "## Example",
    ...(document.sample === undefined
      ? [readExample(document.example), `This is [\`${document.example}\`](../../../${document.example}).`]
      : [formatCode(formatJson(document.sample), "json")]),
    properties === "" ? "" : "## Properties",
    page.hasFileReferences ? FILE_REFERENCES : "",
    properties,
  );
}

const BRANCHES = `# Branches

A branch is a folder with the files that differ from the main ones. Everything else comes from the main files.

## Layout

\`\`\`text
knock/
  workflows/new-comment/workflow.json
  layouts/default/layout.json
  branches/
    shorter-emails/                        the branch "shorter-emails"
      workflows/new-comment/workflow.json  overrides the main workflow
\`\`\`

| In a branch | Rule |
|---|---|
| \`workflows/\`, \`layouts/\`, \`partials/\`, \`requests/\` | Each key overrides the main file with the same key. |
| \`translations/\` | The folder replaces the main one. |
| All other files, such as \`environment.json\`, \`recipients/\` and \`guides/\` | Ignored. They exist once per project. |

## Select a branch

\`--branch <slug>\`, \`KNOCK_BRANCH\` or the setting \`branch\` of [\`knock.json\`](knock-json.md) select a branch. Requests to \`knock dev\` select it with the header \`X-Knock-Branch\`. A \`.knockbranch\` file names the branch that the main files belong to.

A branch without a folder is an error for the flag (exit 5), a warning for the variable and the setting, and status 404 in \`knock dev\`.

A run keeps its branch. If the folder is removed, its waiting runs end.
`;

const LAYOUT = `\`\`\`text
knock.json                        marks the root of the project
knock/
  environment.json                channels, variables, default preferences
  environments/<name>.json        overrides environment.json
  recipients/*.json               users, objects, tenants, subscriptions
  schedules/*.json                schedules of workflows
  prices.json                     prices of messages
  workflows/<key>/workflow.json   and files of its templates
  layouts/ partials/ translations/
  audiences/ broadcasts/ sources/ requests/
  guides/ message-types/
  branches/<slug>/                files that differ in a branch
.knock-local/                     the local store; do not commit it
\`\`\``;

function buildIndex() {
  const rows = DOCUMENTS.map((document) => [
    `[\`${document.title}\`](${getPageName(document)})`,
    `\`${document.location}\``,
    `${document.summary}.`,
  ]);
  return `${joinParts(
    "# Project files",
    "A project is a folder of JSON files and templates in the format of the hosted service. Files that you pull from the service work unchanged.",
    LAYOUT,
    formatTable(
      ["Page", "Location", "Contents"],
      [...rows, ["[Branches](branches.md)", "`knock/branches/<slug>/`", "Files that differ in a branch."]],
    ),
    "`knock validate` reports unknown properties with file, line and column: as warnings in workflows, layouts, partials, audiences, guides and message types, and as errors in other files. Editors check the files as you type if each file names its JSON Schema in `$schema`, as the files of `knock init` do.",
  )}\n`;
}

export async function buildPages() {
  checkPropertyNames(DOCUMENTS);
  const broadcastSteps = await describeBroadcastSteps();
  const documents = DOCUMENTS.map((document) => ({
    ...document,
    text: document.text.replace("%broadcast_steps%", broadcastSteps),
  }));
  const findExample = collectExamples();
  const notes = loadStepAnswers();
  const pages = { [`${FOLDER}/README.md`]: buildIndex(), [`${FOLDER}/branches.md`]: BRANCHES };
  for (const document of documents)
    pages[`${FOLDER}/${getPageName(document)}`] = `${buildPage(document, findExample, notes)}\n`;
  return pages;
}
