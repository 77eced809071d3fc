import * as z from "zod/mini";
import { CHANNEL_TYPES } from "../../domain/message/channel-types.js";
import { DELIVERY_STATUSES, ENGAGEMENT_STATUSES } from "../../domain/message/message.js";
import { recipientReferenceSchema } from "../../domain/run/outcome-schema.js";
import { described, nonEmptyString } from "../../domain/schema/fields.js";
import {
  countField,
  definition,
  flagField,
  jsonObject,
  jsonObjectOrNull,
  jsonValue,
  textField,
  textOrNull,
  timeField,
  timeOrNull,
  typeName,
} from "../../domain/schema/output-fields.js";
import { contentSchema, feedBlockSchema } from "./contents.js";
import { itemsSchema, listSchema } from "./lists.js";
import { expectationsField } from "./outcomes.js";
import { recipientSchema } from "./recipients.js";

const channelSchema = definition(
  "channel",
  z.object({
    id: textField("The channel's ID."),
    key: z.optional(textOrNull("The channel's key.")),
    name: z.optional(textOrNull("The channel's name.")),
    provider: textField("The provider."),
    type: described(z.enum(["in_app", ...CHANNEL_TYPES]), "The channel type."),
    created_at: timeField("When the channel was created. On the local target, this is always 1970."),
    updated_at: timeField("When the channel was changed. On the local target, this is always 1970."),
  }),
);

const ENGAGEMENT_TIMES = {
  seen_at: z.optional(timeOrNull("When the message was seen, or null.")),
  read_at: z.optional(timeOrNull("When the message was read, or null.")),
  interacted_at: z.optional(timeOrNull("When the recipient interacted with the message, or null.")),
  archived_at: z.optional(timeOrNull("When the message was archived, or null.")),
  link_clicked_at: z.optional(timeOrNull("When a link was clicked, or null.")),
  clicked_at: z.optional(timeOrNull("The same as link_clicked_at.")),
};

const messageSourceSchema = definition(
  "message_source",
  z.object({
    __typename: typeName("NotificationSource"),
    type: z.optional(described(z.enum(["workflow", "broadcast", "guide"]), "The kind of sender.")),
    key: textField("The key of the workflow, broadcast or guide."),
    categories: described(z.array(z.string()), "The categories of the workflow."),
    step_ref: z.optional(textOrNull("The ref of the step.")),
    version_id: textField("The ID of the version of the workflow."),
    workflow_run_id: z.optional(textOrNull("The ID of the workflow run; null for a guide.")),
    workflow_recipient_run_id: z.optional(textOrNull("The ID of the recipient run; null for a guide.")),
  }),
);

const MESSAGE_FIELDS = {
  __typename: typeName("Message"),
  id: described(nonEmptyString(), "The message's ID."),
  channel_id: textField("The ID of the channel."),
  channel: z.optional(described(channelSchema, "The channel.")),
  recipient: recipientReferenceSchema,
  actors: z.optional(described(z.array(recipientReferenceSchema), "Up to 10 actors.")),
  workflow: z.optional(textOrNull("The key of the workflow, broadcast or guide.")),
  tenant: z.optional(textOrNull("The tenant's ID, or null.")),
  status: described(z.enum(DELIVERY_STATUSES), "The delivery status."),
  engagement_statuses: described(z.array(z.enum(ENGAGEMENT_STATUSES)), "The engagement statuses."),
  source: described(messageSourceSchema, "The workflow, broadcast or guide that created the message."),
  data: z.optional(jsonObjectOrNull("The trigger data.")),
  metadata: z.optional(jsonObjectOrNull("Information of the provider, such as external_id, or null.")),
  recipient_snapshot: z.optional(jsonObjectOrNull("The destination when the message was created, or null.")),
  inserted_at: timeField("When the message was created."),
  updated_at: timeField("When the message was last changed."),
  scheduled_at: z.optional(timeOrNull("When the message will be sent, or null.")),
  ...ENGAGEMENT_TIMES,
};

/** The API's `Message`. */
const messageSchema = definition("message", z.object(MESSAGE_FIELDS));

/** The API's `MessageDeliveryLog`. */
export const deliveryLogSchema = definition(
  "delivery_log",
  z.object({
    __typename: typeName("MessageDeliveryLog"),
    id: textField("The ID of the entry."),
    environment_id: textField("The ID of the environment."),
    service_name: textField("The name of the provider."),
    request: described(
      z.object({
        method: z.optional(textField("The HTTP method.")),
        host: z.optional(textField("The host.")),
        path: z.optional(textField("The path.")),
        query: z.optional(textOrNull("The query, or null.")),
        headers: z.optional(jsonObjectOrNull("The headers. Secrets are redacted.")),
        body: z.optional(jsonValue("The body as text or JSON.")),
      }),
      "The request to the provider.",
    ),
    response: described(
      z.object({
        status: z.optional(described(z.int(), "The status; absent without a response.")),
        headers: z.optional(jsonObjectOrNull("The headers.")),
        body: z.optional(jsonValue("The body as text or JSON, or the reason why there is no response.")),
      }),
      "The provider's response.",
    ),
    inserted_at: timeField("When the request was sent."),
  }),
);

export const messageListSchema = z.extend(listSchema(messageSchema), {
  expectations: expectationsField(),
});

export const shownMessageSchema = z.object({
  ...MESSAGE_FIELDS,
  content: described(
    z.nullable(
      z.object({
        __typename: typeName("MessageContent"),
        message_id: textField("The message's ID."),
        inserted_at: timeField("When the content was rendered."),
        data: contentSchema,
      }),
    ),
    "The rendered content; null if the API has none.",
  ),
  delivery_logs: z.optional(
    described(z.array(deliveryLogSchema), "The requests to the provider, newest first. Absent without any."),
  ),
});

export const changedMessagesSchema = itemsSchema(messageSchema);

export const openedFileSchema = z.object({
  path: textField("The path of the HTML file."),
  opened: flagField("Whether a browser was started with the file."),
});

/** The API's `InAppFeedItem`, without the activities of its rich mode. */
const feedItemSchema = definition(
  "feed_item",
  z.object({
    __typename: typeName("FeedItem"),
    __cursor: textField("The cursor of the item, for --after and --before."),
    id: textField("The message's ID."),
    tenant: textOrNull("The tenant's ID, or null."),
    inserted_at: timeField("When the message was created."),
    updated_at: timeField("When the message was last changed."),
    ...ENGAGEMENT_TIMES,
    actors: described(z.array(recipientSchema), "Up to 10 actors with all properties."),
    total_actors: countField("The number of actors."),
    total_activities: countField("The number of activities in the message's batch; 1 without a batch."),
    blocks: described(z.array(feedBlockSchema), "The content."),
    data: jsonObjectOrNull("The trigger data without attachments."),
    source: described(
      z.object({
        __typename: typeName("Workflow"),
        key: textField("The workflow's key."),
        categories: described(z.array(z.string()), "The categories of the workflow."),
        version_id: textField("The ID of the version of the workflow."),
      }),
      "The workflow of the message.",
    ),
  }),
);

export const feedSchema = z.extend(listSchema(feedItemSchema), {
  meta: described(
    z.object({
      __typename: typeName("FeedMetadata"),
      total_count: countField("The number of items."),
      unread_count: countField("The number of unread items."),
      unseen_count: countField("The number of unseen items."),
    }),
    "The counts of the feed, independent of --status and of the page.",
  ),
  vars: jsonObject("The variables of the environment without secrets."),
});
