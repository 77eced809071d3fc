import type { EngagementAction, Message } from "../../../src/domain/message/message.js";
import { requeueMessage } from "../../../src/domain/message/requeue-message.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { Store } from "../../../src/ports/store.js";
import { claimAt } from "./due-work-contract.js";
import { insertSample, NOW, saveAll, user, waitingAt } from "./sample-runs.js";

const SAMPLE_USERS = ["ana", "bo", "cem", "dee", "eli", "fay"];
const SAMPLE_WORKFLOWS = ["hello", "alarm", "digest"];
const SAMPLE_TENANTS = ["acme", "globex"];
const ACTIONS: EngagementAction[] = ["seen", "unseen", "read", "unread", "interacted", "archived", "unarchived"];

const FEED_ID = "0b0c0d0e-0000-4000-8000-00000000000";
const SAMPLE_CHANNELS: Message["channel"][] = [
  { id: `${FEED_ID}1`, key: "feed", type: "in_app_feed", provider: "x" },
  { id: `${FEED_ID}2`, key: "alerts", type: "in_app_feed", provider: "x" },
  { id: `${FEED_ID}3`, key: "twilio", type: "sms", provider: "sms_twilio" },
];

/** Returns a function that returns the next integer below a limit, from a seed (mulberry32). */
export function createRandom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

/** Applies a random operation that inserts, changes or deletes runs and messages of users. */
export async function applyRandomOperation(
  store: Store,
  random: (below: number) => number,
  { users = SAMPLE_USERS, deletesUsers = true }: { users?: readonly string[]; deletesUsers?: boolean } = {},
): Promise<void> {
  const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
  const token = `token-${random(1e9)}`;
  const pickIds = async (status?: Message["status"]): Promise<string[]> => {
    const { items } = await store.listMessages({ recipient: user(pick(users)), status }, { limit: 40 });
    return items.filter(() => random(2) === 0).map(({ id }) => id);
  };
  switch (random(12)) {
    case 0: // An advance sends a message and completes the run.
    case 1: {
      const claimed = await store.claimDueRuns(claimAt(NOW, token), 20);
      const [first] = claimed;
      if (first === undefined) return;
      const { items } = await store.listMessages({}, { limit: 1 });
      const advances = claimed.map(({ recipientRun, run }) => {
        const ended: RecipientRun = { ...recipientRun, status: "completed", position: null, due_at: null };
        const base = items[0] as Message;
        const id = `${base.id.slice(0, 14)}${String(random(1e12)).padStart(13, "0")}`;
        const { recipient, id: recipient_run_id } = recipientRun;
        const { id: workflow_run_id, tenant, workflow, data } = run;
        const own = { id, recipient, recipient_run_id, workflow_run_id, tenant, workflow, data };
        const message: Message = { ...base, ...own, channel: pick(SAMPLE_CHANNELS), status: "delivered" };
        return { recipientRun: ended, messages: random(3) === 0 ? [] : [message] };
      });
      await saveAll(store, advances, token);
      return;
    }
    case 2: {
      const claimed = await store.claimDueMessages(claimAt(NOW, token), 20);
      const status = pick(["delivered", "sent", "undelivered", "bounced"] as const);
      await store.saveMessages(
        claimed.map((message) => ({ ...message, status, due_at: null })),
        token,
        [],
      );
      return;
    }
    case 3:
      await store.changeDeliveries(await pickIds("undelivered"), (message) => requeueMessage(message, NOW));
      return;
    case 4:
    case 5:
    case 6:
      await store.markMessages(await pickIds(), pick(ACTIONS), NOW + 1);
      return;
    case 7:
      await store.deleteMessages((await pickIds()).slice(0, 3));
      return;
    case 8:
      await store.cancelRuns({ workflow: pick(SAMPLE_WORKFLOWS), cancellation_key: "k", recipients: null, at: NOW });
      return;
    case 9:
      if (deletesUsers && random(4) === 0) await store.deleteRecipients([user(pick(users))]);
      return;
    case 10: {
      const [into, from] = [user(pick(users)), user(pick(users))];
      if (deletesUsers && random(4) === 0) await store.mergeRecipients(into, from, NOW);
      return;
    }
    default: {
      await store.upsertRecipients(
        users.map((id) => ({ key: user(id), properties: {} })),
        NOW,
      );
      const status = pick(["delivered", "queued", "not_sent"] as const);
      await insertSample(store, {
        workflow: pick(SAMPLE_WORKFLOWS),
        recipients: Array.from({ length: 1 + random(60) }, () => pick(users)),
        run: { tenant: pick([...SAMPLE_TENANTS, null]), cancellation_key: random(8) === 0 ? "k" : null },
        recipientRun: random(2) === 0 ? waitingAt(NOW) : {},
        message:
          random(5) === 0 ? null : { channel: pick(SAMPLE_CHANNELS), status, due_at: status === "queued" ? NOW : null },
      });
    }
  }
}
