import type * as z from "zod/mini";
import { broadcastViewSchema } from "../../domain/audience/broadcast-view-schema.js";
import { forecastReportSchema } from "../../domain/forecast/forecast-report-schema.js";
import { diffReportSchema } from "../../domain/replay/diff-report-schema.js";
import { replayReportSchema } from "../../domain/replay/replay-report-schema.js";
import { testReportSchema } from "../../domain/scenario/test-report-schema.js";
import { sourceReceiptSchema, sourceViewSchema } from "../../domain/trigger/source-receipt-schema.js";
import { auditReportSchema } from "../../domain/validation/audit-report-schema.js";
import { validationReportSchema } from "../../domain/validation/validation-report-schema.js";
import { typesReportSchema } from "../../domain/workflow/types-report-schema.js";
import { bulkResultSchema } from "./bulk.js";
import { completionScriptSchema } from "./completion.js";
import { rawContentSchema } from "./contents.js";
import { devLogSchema, readyFileSchema, serverSchema } from "./dev.js";
import { doctorReportSchema } from "./doctor.js";
import { errorDocumentSchema } from "./error.js";
import { lineResultSchema, lineSummarySchema } from "./line-results.js";
import { itemsSchema, listSchema } from "./lists.js";
import {
  changedMessagesSchema,
  feedSchema,
  messageListSchema,
  openedFileSchema,
  shownMessageSchema,
} from "./messages.js";
import { cancellationSchema, dryRunSchema, outcomeDocumentSchema, sentBroadcastSchema } from "./outcomes.js";
import { createdProjectSchema, previewSchema, profilesPathSchema, workflowSchema } from "./project.js";
import { pruneReportSchema } from "./prune.js";
import {
  audienceMemberSchema,
  deletedObjectSchema,
  deletedPreferencesSchema,
  deletedTenantSchema,
  deletedUserSchema,
  membersAddedSchema,
  membersRemovedSchema,
  objectSchema,
  preferenceSetSchema,
  scheduleSchema,
  subscriptionSchema,
  tenantSchema,
  userSchema,
} from "./recipients.js";
import { advancedRunSchema, clockSchema, retriesSchema, runListSchema, shownRecipientRunSchema } from "./runs.js";
import { authStatusSchema, changedSettingSchema, loginSchema, logoutSchema, settingSchema } from "./settings.js";
import { migratedStoreSchema, storeCopySchema } from "./store.js";
import { workerLogSchema } from "./worker-log.js";

interface OutputDocument {
  /** The name of the file without its ending: the command, and what distinguishes this document from its others. */
  name: string;
  /** The command that prints the document; null for a document that every command can print. */
  command: string | null;
  title: string;
  /** When the command prints this document, or what the document contains. */
  description: string;
  schema: z.ZodMiniType;
  /** Where the document is printed (default: the result on standard output). */
  place?: "standard error" | "a file";
  /** Whether the command prints one document per line. */
  isStream?: true;
}

/** Returns a document of a command. The first document of a command has the command's name. */
function describeDocument(
  command: string,
  title: string,
  description: string,
  schema: z.ZodMiniType,
  rest: Partial<Pick<OutputDocument, "place" | "isStream">> & { suffix?: string } = {},
): OutputDocument {
  const { suffix, ...fields } = rest;
  const name = [...command.split(" "), ...(suffix === undefined ? [] : [suffix])].join("-");
  return { name, command, title, description, schema, ...fields };
}

const LISTED = "A page of the list, newest first.";
const CHANGED = "The record after the change.";

/** Every JSON document that the program prints. The published schemas, their page and the tests use this table. */
export const OUTPUT_DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "notify",
    "Outcome of a trigger",
    "The outcome for each recipient. With a JSON Lines file, one document per line. `knock runs show` prints the same document for a workflow run.",
    outcomeDocumentSchema,
  ),
  describeDocument("notify", "Request of a dry run", "With --dry-run.", dryRunSchema, { suffix: "dry-run" }),
  describeDocument("notify", "Summary of many triggers", "With --output.", lineSummarySchema, { suffix: "summary" }),
  describeDocument("notify", "Result of a line", "The file of --output has one for each line.", lineResultSchema, {
    suffix: "result",
    place: "a file",
    isStream: true,
  }),
  describeDocument("cancel", "Outcome of a cancellation", "The runs that were canceled.", cancellationSchema),
  describeDocument("test", "Results of scenarios", "The results of all files and the totals.", testReportSchema),
  describeDocument(
    "validate",
    "Findings in files",
    "The findings of all files and the totals.",
    validationReportSchema,
  ),
  describeDocument("types", "Generated types", "The types, or what happened to their file.", typesReportSchema),
  describeDocument("forecast", "A forecast", "The messages of each recipient, day and channel.", forecastReportSchema),
  describeDocument(
    "replay",
    "Differences of a replay",
    "The recipients with differences, and the totals.",
    replayReportSchema,
  ),
  describeDocument(
    "diff",
    "Differences from the account",
    "The recipients with differences, and the totals.",
    diffReportSchema,
  ),
  describeDocument(
    "audit",
    "Users who get nothing",
    "The users with skipped steps, and the totals.",
    auditReportSchema,
  ),
  describeDocument("runs list", "List of recipient runs", LISTED, runListSchema),
  describeDocument(
    "runs show",
    "Recipient run",
    "For the ID of a recipient run: the API's run with its events, its data and its steps.",
    shownRecipientRunSchema,
  ),
  describeDocument(
    "runs show",
    "Outcome of a workflow run",
    "For the ID of a workflow run: the same document as that of `knock notify`.",
    outcomeDocumentSchema,
    { suffix: "workflow-run" },
  ),
  describeDocument("runs retry", "Retried runs", "The runs after the attempt.", retriesSchema),
  describeDocument("messages list", "List of messages", LISTED, messageListSchema),
  describeDocument("messages show", "Message", "The API's message with its content.", shownMessageSchema),
  describeDocument(
    "messages show",
    "Content of a message",
    "With --raw, for a message that is not an email. It is printed with and without --json.",
    rawContentSchema,
    { suffix: "raw" },
  ),
  describeDocument("messages show", "Opened file", "With --open.", openedFileSchema, { suffix: "open" }),
  describeDocument("messages mark", "Marked messages", "The messages after the change.", changedMessagesSchema),
  describeDocument("messages retry", "Retried messages", "The messages after the attempt.", changedMessagesSchema),
  describeDocument(
    "preview",
    "Rendered steps",
    "The content of each step. With --watch, one document after each change.",
    previewSchema,
  ),
  describeDocument("workflows list", "Workflows of the project", "The workflows.", listSchema(workflowSchema)),
  describeDocument("workflows show", "Workflow of the project", "The workflow.", workflowSchema),
  ...(["user", "object", "tenant"] as const).flatMap((noun) => {
    const schema = { user: userSchema, object: objectSchema, tenant: tenantSchema }[noun];
    const deleted = { user: deletedUserSchema, object: deletedObjectSchema, tenant: deletedTenantSchema }[noun];
    const title = `${noun.charAt(0).toUpperCase()}${noun.slice(1)}`;
    return [
      describeDocument(`${noun}s list`, `List of ${noun}s`, LISTED, listSchema(schema)),
      describeDocument(`${noun}s get`, title, `The API's ${title}.`, schema),
      describeDocument(`${noun}s set`, title, CHANGED, schema),
      describeDocument(`${noun}s set`, "Result for many rows", "Without an ID: the counts.", bulkResultSchema, {
        suffix: "bulk",
      }),
      describeDocument(`${noun}s delete`, `Deleted ${noun}`, `The ${noun} that was deleted.`, deleted),
      describeDocument(`${noun}s delete`, "Result for many rows", "With several IDs: the counts.", bulkResultSchema, {
        suffix: "bulk",
      }),
    ];
  }),
  describeDocument("users merge", "User", "The user that was kept, with its merged properties.", userSchema),
  describeDocument(
    "preferences list",
    "List of preference sets",
    "All sets of the recipient, with the defaults of the environment and the tenant applied.",
    listSchema(preferenceSetSchema),
  ),
  describeDocument(
    "preferences get",
    "Preference set",
    "The set with the defaults of the environment and the tenant applied.",
    preferenceSetSchema,
  ),
  describeDocument("preferences set", "Preference set", CHANGED, preferenceSetSchema),
  describeDocument(
    "preferences set",
    "Result for many rows",
    "With several recipients: the counts.",
    bulkResultSchema,
    {
      suffix: "bulk",
    },
  ),
  describeDocument(
    "preferences delete",
    "Cleared preference set",
    "The set that was cleared.",
    deletedPreferencesSchema,
  ),
  describeDocument("schedules list", "List of schedules", LISTED, listSchema(scheduleSchema)),
  describeDocument("schedules get", "Schedule", "The schedule.", scheduleSchema),
  describeDocument("schedules create", "Created schedules", "One schedule per recipient.", itemsSchema(scheduleSchema)),
  describeDocument(
    "schedules update",
    "Updated schedules",
    "The schedules after the change.",
    itemsSchema(scheduleSchema),
  ),
  describeDocument("schedules delete", "Deleted schedules", "The deleted schedules.", itemsSchema(scheduleSchema)),
  describeDocument("subscriptions list", "List of subscriptions", LISTED, listSchema(subscriptionSchema)),
  describeDocument(
    "subscriptions add",
    "Added subscriptions",
    "The subscriptions after the change.",
    itemsSchema(subscriptionSchema),
  ),
  describeDocument(
    "subscriptions delete",
    "Deleted subscriptions",
    "The subscriptions that existed.",
    itemsSchema(subscriptionSchema),
  ),
  describeDocument("audiences list", "Members of an audience", LISTED, listSchema(audienceMemberSchema)),
  describeDocument("audiences add", "Added members", "The members that were added.", membersAddedSchema),
  describeDocument("audiences remove", "Removed members", "The members that were removed.", membersRemovedSchema),
  describeDocument("feed list", "In-app feed", "A page of the feed, newest first, with its counts.", feedSchema),
  describeDocument("sources list", "Sources of the project", "The sources.", listSchema(sourceViewSchema)),
  describeDocument("sources send", "Result of a source event", "The result of each action.", sourceReceiptSchema),
  describeDocument("sources events", "List of source events", LISTED, listSchema(sourceReceiptSchema)),
  describeDocument("broadcasts list", "Broadcasts of the project", "The broadcasts.", listSchema(broadcastViewSchema)),
  describeDocument("broadcasts send", "Outcome of a broadcast", "The outcome for each recipient.", sentBroadcastSchema),
  describeDocument(
    "broadcasts schedule",
    "Scheduled broadcast",
    "The broadcast after the change.",
    broadcastViewSchema,
  ),
  describeDocument("broadcasts cancel", "Canceled broadcast", "The broadcast after the change.", broadcastViewSchema),
  ...["show", "advance", "set", "freeze", "reset"].map((verb) =>
    describeDocument(
      `clock ${verb}`,
      "Clock",
      verb === "advance" || verb === "set"
        ? "The clock after the move, and the runs that advanced on the way."
        : "The clock. Nothing runs, so `ran` is empty.",
      clockSchema,
    ),
  ),
  describeDocument("worker", "Advance of a run", "One line for each run that advanced.", advancedRunSchema, {
    isStream: true,
  }),
  describeDocument("worker", "Clock", "With --once: the clock, and the runs that advanced.", clockSchema, {
    suffix: "once",
  }),
  describeDocument(
    "worker",
    "Log of a worker",
    "On a PostgreSQL store: one line for each event, also without --json if standard output is no terminal.",
    workerLogSchema,
    { suffix: "log", isStream: true },
  ),
  describeDocument("dev", "Running server", "One line when the server accepts requests.", serverSchema),
  describeDocument(
    "dev",
    "Log of the server",
    "One line for each request, for each change of a project file, and for each attempt of a webhook.",
    devLogSchema,
    { suffix: "log", place: "standard error", isStream: true },
  ),
  describeDocument("dev", "Ready file", "The file of --ready-file, with and without --json.", readyFileSchema, {
    suffix: "ready-file",
    place: "a file",
  }),
  describeDocument("prune", "Deleted rows", "The numbers of deleted rows.", pruneReportSchema),
  describeDocument("store copy", "Copied store", "The rows of each table and their digest.", storeCopySchema),
  describeDocument("store migrate", "Updated store", "The store.", migratedStoreSchema),
  describeDocument("init", "Created project", "The files of the project.", createdProjectSchema),
  describeDocument("completion", "A completion script", "The script of a shell.", completionScriptSchema),
  describeDocument("doctor", "Checks of the setup", "The result of each check.", doctorReportSchema),
  describeDocument("auth login", "Stored key", "The profile that was written.", loginSchema),
  describeDocument("auth logout", "Deleted profile", "The profile that was deleted.", logoutSchema),
  describeDocument("auth status", "Keys", "The API key in use, and the stored profiles.", authStatusSchema),
  describeDocument("config list", "Effective settings", "All settings.", itemsSchema(settingSchema)),
  describeDocument("config get", "Effective setting", "The setting.", settingSchema),
  describeDocument("config set", "Changed setting", "The setting after the change.", changedSettingSchema),
  describeDocument("config path", "Profiles file", "The path of the file.", profilesPathSchema),
  {
    name: "error",
    command: null,
    title: "Error",
    description: "The last line of standard error if a command fails.",
    schema: errorDocumentSchema,
    place: "standard error",
  },
];
