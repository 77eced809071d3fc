import { describe, expect, it } from "vitest";
import {
  DELIVERY_STATUSES,
  type DeliveryStatus,
  type EngagementAction,
  type EngagementStatus,
  type Message,
} from "../../../src/domain/message/message.js";
import { requeueMessage } from "../../../src/domain/message/requeue-message.js";
import { RUN_STATUSES, type RunStatus } from "../../../src/domain/run/run-status.js";
import type { RecipientRun } from "../../../src/domain/run/workflow-run.js";
import type { MessageQuery, RunQuery, TimeBounds } from "../../../src/ports/filters.js";
import type { PageRequest } from "../../../src/ports/page-request.js";
import type { StoredRun } from "../../../src/ports/run-store.js";
import { claimAt } from "./due-work-contract.js";
import { applyRandomOperation, createRandom } from "./random-operations.js";
import { readBackward, readForward } from "./read-pages.js";
import { HOUR, insertSample, NOW, sampleVersion, saveAll, user, waitingAt } from "./sample-runs.js";
import type { OpenStore } from "./store-contract.js";

const SEED = 7;
const OPERATIONS = 100;
const SEARCHES = 25;
const FILLING_ROWS = 300;
/** The times of rows between the others, which are not in the order of the rows, as after moves of the clock. */
const FILLING_TIMES = [NOW + 2 * HOUR, NOW - HOUR, NOW + HOUR, NOW - 3 * HOUR];
const ENGAGEMENTS: EngagementAction[][] = [
  ["interacted"],
  ["archived", "seen"],
  ["unread"],
  ["archived", "unseen"],
  ["link_clicked"],
];

function isBetween(
  at: number,
  { gt = -Infinity, gte = -Infinity, lt = Infinity, lte = Infinity }: TimeBounds,
): boolean {
  return at > gt && at >= gte && at < lt && at <= lte;
}

function hasEngagement(message: Message, action: EngagementAction): boolean {
  const status = action.replace(/^un/, "") as EngagementStatus;
  return (message[`${status}_at`] === null) === action.startsWith("un");
}

function matchesMessage(message: Message, filter: MessageQuery): boolean {
  return (
    [undefined, message.status].includes(filter.status) &&
    (filter.statuses?.includes(message.status) ?? true) &&
    [undefined, message.workflow].includes(filter.workflow) &&
    [undefined, message.tenant].includes(filter.tenant) &&
    [undefined, message.recipient].includes(filter.recipient) &&
    [undefined, message.channel.key, message.channel.id].includes(filter.channel) &&
    (filter.workflow_categories?.some((category) => message.categories.includes(category)) ?? true) &&
    (filter.engagement_statuses?.some((status) => hasEngagement(message, status)) ?? true) &&
    isBetween(message.inserted_at, filter.inserted_at ?? {})
  );
}

function matchesRun({ run, recipientRun }: StoredRun, filter: RunQuery): boolean {
  return (
    [undefined, recipientRun.status].includes(filter.status) &&
    (filter.statuses?.includes(recipientRun.status) ?? true) &&
    [undefined, run.workflow].includes(filter.workflow) &&
    [undefined, run.tenant].includes(filter.tenant) &&
    [undefined, recipientRun.recipient].includes(filter.recipient) &&
    [undefined, recipientRun.error_count > 0].includes(filter.has_errors) &&
    isBetween(recipientRun.inserted_at, { gte: filter.starting_at ?? -Infinity, lte: filter.ending_at ?? Infinity })
  );
}

export function describeFilters(open: OpenStore): void {
  describe("a filter by status", () => {
    const runsWith = async (status: RunStatus): Promise<number> =>
      (await open.store.listRecipientRuns({ status }, { limit: 9 })).items.length;
    const messagesWith = async (status: DeliveryStatus): Promise<number> =>
      (await open.store.listMessages({ status }, { limit: 9 })).items.length;

    it("finds messages whose status a retry and a delivery changed", async () => {
      const { messages } = await insertSample(open.store, { recipients: ["ada"], message: { status: "undelivered" } });
      await open.store.changeDeliveries([messages[0]?.id ?? ""], (message) => requeueMessage(message, NOW));
      expect([await messagesWith("undelivered"), await messagesWith("queued")]).toEqual([0, 1]);
      const claimed = await open.store.claimDueMessages(claimAt(NOW, "t"), 5);
      await open.store.saveMessages(
        claimed.map((message) => ({ ...message, status: "bounced", due_at: null })),
        "t",
        [],
      );
      expect([await messagesWith("queued"), await messagesWith("bounced")]).toEqual([0, 1]);
    });

    it("finds runs whose status an advance and a cancellation changed", async () => {
      const run = { cancellation_key: "k" };
      const { recipientRuns } = await insertSample(open.store, {
        recipients: ["ada", "bo"],
        run,
        recipientRun: waitingAt(NOW),
        message: null,
      });
      await open.store.claimDueRuns(claimAt(NOW, "t"), 1);
      const ended = recipientRuns.map((one) => ({
        ...one,
        status: "completed" as const,
        due_at: null,
        position: null,
      }));
      await saveAll(open.store, [{ recipientRun: ended[0] as RecipientRun, messages: [] }], "t");
      expect([await runsWith("paused"), await runsWith("completed"), await runsWith("cancelled")]).toEqual([1, 1, 0]);
      await open.store.cancelRuns({ workflow: "new-comment", cancellation_key: "k", recipients: null, at: NOW });
      expect([await runsWith("paused"), await runsWith("completed"), await runsWith("cancelled")]).toEqual([0, 1, 1]);
    });
  });

  describe("filters, after random operations", () => {
    it("select what a search of all messages and runs selects, in pages of any size", async () => {
      const random = createRandom(SEED);
      const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
      /** Returns no filter, or a value that most often some item has. */
      const maybe = <T>(found: T | null, others: readonly T[]): T | undefined => {
        if (random(5) < 3 || found === null) return undefined;
        return random(8) === 0 ? pick(others) : found;
      };
      const { store } = open;
      for (let count = 0; count < OPERATIONS; count++) {
        await applyRandomOperation(store, random);
        // Rows between the others, so that these are not all next to each other.
        if (count % 30 === 10)
          await insertSample(store, {
            version: sampleVersion("filling", { categories: ["bulk", "rare"] }),
            recipients: Array.from({ length: FILLING_ROWS }, (_, index) => `filling-${index}`),
            run: { inserted_at: FILLING_TIMES[Math.floor(count / 30)] ?? NOW },
            recipientRun: { error_count: 0 },
          });
      }
      // Another process reads what this one wrote.
      const other = await open.openAgain();
      const messages = await readForward((page) => other.listMessages({}, page), 500);
      const runs = await readForward((page) => other.listRecipientRuns({}, page), 500);
      expect(messages.length).toBeGreaterThan(3 * FILLING_ROWS);
      for (let count = 0; count < SEARCHES; count++) {
        const message = pick(messages);
        const { inserted_at: at } = message;
        const filter: MessageQuery = {
          workflow: maybe(message.workflow, ["nowhere"]),
          tenant: maybe(message.tenant, ["nowhere"]),
          recipient: maybe(message.recipient, [user("nobody")]),
          channel: maybe(pick([message.channel.key, message.channel.id]), ["nowhere"]),
          status: maybe(message.status, DELIVERY_STATUSES),
          statuses: maybe(pick([[message.status], [message.status, "bounced" as const]]), [[], ["undelivered"]]),
          workflow_categories: maybe(pick([["rare"], message.categories]), [[], ["nothing"]]),
          engagement_statuses: maybe(pick(ENGAGEMENTS), [[]]),
          inserted_at: maybe(
            pick<TimeBounds>([{ gte: at }, { lt: at }, { gt: at, lte: at + HOUR }, { lte: at, gte: at }]),
            [{ gt: NOW + 9 * HOUR }],
          ),
        };
        const limit = 20 + random(100);
        const expected = messages.filter((one) => matchesMessage(one, filter)).map(({ id }) => id);
        const list = (page: PageRequest) => store.listMessages(filter, page);
        expect((await readForward(list, limit)).map(({ id }) => id)).toEqual(expected);
        expect((await readBackward(list, limit)).map(({ id }) => id)).toEqual(expected);

        const { run, recipientRun } = pick(runs);
        const runFilter: RunQuery = {
          workflow: maybe(run.workflow, ["nowhere"]),
          tenant: maybe(run.tenant, ["nowhere"]),
          recipient: maybe(recipientRun.recipient, [user("nobody")]),
          status: maybe(recipientRun.status, RUN_STATUSES),
          statuses: maybe([recipientRun.status, "queued" as const], [[], ["completed"]]),
          has_errors: maybe(recipientRun.error_count > 0, [true]),
          starting_at: maybe(recipientRun.inserted_at, [NOW + 9 * HOUR]),
          ending_at: maybe(recipientRun.inserted_at, [NOW - 9 * HOUR]),
        };
        const expectedRuns = runs.filter((one) => matchesRun(one, runFilter)).map((one) => one.recipientRun.id);
        const listRuns = (page: PageRequest) => store.listRecipientRuns(runFilter, page);
        const ids = (found: readonly StoredRun[]) => found.map((one) => one.recipientRun.id);
        expect(ids(await readForward(listRuns, limit))).toEqual(expectedRuns);
        expect(ids(await readBackward(listRuns, limit))).toEqual(expectedRuns);
      }
    });
  });
}
