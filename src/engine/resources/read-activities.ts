import type { Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { RunStore } from "../../ports/run-store.js";
import { createUuidV5 } from "../../util/ids.js";
import { toIsoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import { serializeReferencedRecipient } from "../context/serialize-recipient.js";

/** The namespace of activity ids, which are derived from the message id and the activity's index. Never change it. */
const ACTIVITY_NAMESPACE = "c1b6a2c7-0f0d-4a0a-a3c5-6f4f5b0e9d21";

interface ActivitySource {
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/**
 * Returns the activities of a message, oldest first: its run's trigger, or those of the batch that the run continued
 * with.
 */
async function readActivitySources({ store }: EngineContext<RunStore>, message: Message): Promise<ActivitySource[]> {
  const batch = message.batch ? await store.readBatch(message.recipient_run_id) : null;
  if (batch === null) return [{ actor: message.actor, data: message.data, at: message.inserted_at }];
  const first = new Set(batch.first.map(({ id }) => id));
  return [...batch.first, ...batch.last.filter(({ id }) => !first.has(id))];
}

/**
 * Returns the API's `Activity`s of a message. For a large batch, these are only the activities that are stored.
 */
export async function readActivities(
  context: EngineContext<RecipientStore & RunStore>,
  message: Message,
): Promise<JsonObject[]> {
  const sources = await readActivitySources(context, message);
  const keys = new Set([message.recipient, ...sources.flatMap(({ actor }) => actor ?? [])]);
  return serializeActivities(message, sources, await context.store.readRecipients([...keys]));
}

function serializeActivities(
  message: Message,
  sources: readonly ActivitySource[],
  recipients: ReadonlyMap<RecipientKey, Recipient>,
): JsonObject[] {
  return sources.map(({ actor, data, at }, index) => {
    const { attachments: _attachments, ...shown } = data;
    return {
      __typename: "Activity",
      id: createUuidV5(ACTIVITY_NAMESPACE, `${message.id} ${index}`),
      actor: actor === null ? null : serializeReferencedRecipient(actor, recipients, at),
      recipient: serializeReferencedRecipient(message.recipient, recipients, message.inserted_at),
      data: shown,
      inserted_at: toIsoTime(at),
      updated_at: toIsoTime(at),
    };
  });
}
