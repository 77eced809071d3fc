import { broadcastViewSchema } from "../../domain/audience/broadcast-view-schema.js";
import { sentEventSchema, sourceReceiptSchema, sourceViewSchema } from "../../domain/trigger/source-receipt-schema.js";
import { bulkResultSchema } from "./bulk.js";
import { rawContentSchema } from "./contents.js";
import { describeDocument, type OutputDocument } from "./describe-document.js";
import { commandHelpSchema, helpPageSchema, programDescriptionSchema } from "./help.js";
import { itemsSchema, listSchema } from "./lists.js";
import {
  changedMessagesSchema,
  feedSchema,
  messageListSchema,
  openedFileSchema,
  shownMessageSchema,
} from "./messages.js";
import { cancellationSchema, dryRunSchema, outcomeDocumentSchema, sentBroadcastSchema } from "./outcomes.js";
import { previewSchema, workflowSchema } from "./project.js";
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
import { clockSchema, retriesSchema, runListSchema, shownRecipientRunSchema } from "./runs.js";

const LISTED = "A page of the list, newest first.";
const CHANGED = "The record after the change.";

/** The JSON documents of commands that are not part of a feature. */
export const CORE_DOCUMENTS: readonly OutputDocument[] = [
  describeDocument(
    "notify",
    "Outcome of a trigger",
    "The outcome for each recipient. With a JSON Lines file, one document per line. `knock runs show` prints the same document for a workflow run.",
    outcomeDocumentSchema,
  ),
  describeDocument("notify", "Request of a dry run", "With --dry-run.", dryRunSchema, { suffix: "dry-run" }),
  describeDocument("cancel", "Outcome of a cancellation", "The runs that were canceled.", cancellationSchema),
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
  describeDocument("sources send", "Result of a source event", "The result of each action.", sentEventSchema),
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
  describeDocument(
    "help",
    "Program",
    "All commands, exit codes and variables, without a name.",
    programDescriptionSchema,
  ),
  describeDocument("help", "Commands", "The command, or the commands of the group.", commandHelpSchema, {
    suffix: "command",
  }),
  describeDocument("help", "Help page", "The page of a topic or an error code.", helpPageSchema, { suffix: "page" }),
];
