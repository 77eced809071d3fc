import type { Message } from "../../domain/message/message.js";
import type { Recipient, RecipientKey } from "../../domain/recipient/recipient.js";
import type { RecipientStore } from "../../ports/recipient-store.js";
import type { RunStore } from "../../ports/run-store.js";
import { uuidV5 } from "../../util/ids.js";
import { isoTime } from "../../util/iso-time.js";
import type { JsonObject } from "../../util/json.js";
import type { EngineContext } from "../context/engine-context.js";
import { referredShape } from "../context/recipient-shapes.js";

/** Activities have no ids of their own here: the message and the place in it name one for good. Never change it. */
const ACTIVITY_NAMESPACE = "c1b6a2c7-0f0d-4a0a-a3c5-6f4f5b0e9d21";

interface Happening {
  actor: RecipientKey | null;
  data: JsonObject;
  at: number;
}

/** What a message is about: its run's trigger, or those of the batch the run went on with, oldest first. */
async function happeningsOf({ store }: EngineContext<RunStore>, message: Message): Promise<Happening[]> {
  const batch = message.batch ? await store.readBatch(message.recipient_run_id) : null;
  if (batch === null) return [{ actor: message.actor, data: message.data, at: message.inserted_at }];
  const first = new Set(batch.first.map(({ id }) => id));
  return [...batch.first, ...batch.last.filter(({ id }) => !first.has(id))];
}

/** The API's `Activity`s of a message. Of a large batch these are the activities that its step keeps. */
export async function readActivities(
  context: EngineContext<RecipientStore & RunStore>,
  message: Message,
): Promise<JsonObject[]> {
  const happenings = await happeningsOf(context, message);
  const keys = new Set([message.recipient, ...happenings.flatMap(({ actor }) => actor ?? [])]);
  return activityShapes(message, happenings, await context.store.readRecipients([...keys]));
}

function activityShapes(
  message: Message,
  happenings: readonly Happening[],
  people: ReadonlyMap<RecipientKey, Recipient>,
): JsonObject[] {
  return happenings.map(({ actor, data, at }, index) => {
    const { attachments: _attachments, ...shown } = data;
    return {
      __typename: "Activity",
      id: uuidV5(ACTIVITY_NAMESPACE, `${message.id} ${index}`),
      actor: actor === null ? null : referredShape(actor, people, at),
      recipient: referredShape(message.recipient, people, message.inserted_at),
      data: shown,
      inserted_at: isoTime(at),
      updated_at: isoTime(at),
    };
  });
}
