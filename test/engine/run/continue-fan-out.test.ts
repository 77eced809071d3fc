import { describe, expect, it } from "vitest";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { Subscription } from "../../../src/domain/recipient/subscription.js";
import type { FanOutState } from "../../../src/domain/run/fan-out-state.js";
import type { WorkflowRun } from "../../../src/domain/run/workflow-run.js";
import type { EngineContext } from "../../../src/engine/context/engine-context.js";
import { collectNextRecipients } from "../../../src/engine/run/continue-fan-out.js";
import type { Store } from "../../../src/ports/store.js";
import { step } from "../../helpers/build-steps.js";
import { EngineHarness, type HarnessOptions } from "../../helpers/engine-harness.js";

const OBJECT = toRecipientKey({ collection: "projects", id: "p1" });

describe("collectNextRecipients", () => {
  const TEAM = toRecipientKey({ collection: "teams", id: "t1" });
  const subscribers: Record<string, string[]> = {
    [OBJECT]: ["$users/ana", TEAM, "$users/bo", "$users/cy"],
    [TEAM]: ["$users/dee"],
  };

  /** A store that returns pages of subscribers, as the object's key and a position. */
  const context = {
    store: {
      async listSubscribers(object: string, after: number | null, limit: number) {
        const all = subscribers[object] ?? [];
        const from = after ?? 0;
        const items = all.slice(from, from + limit).map((recipient) => ({ recipient }) as Subscription);
        return { items, next: from + limit < all.length ? from + limit : null };
      },
    },
  } as unknown as EngineContext<Store>;

  async function collect(from: Partial<FanOutState>, limit: number, actor: string | null = null) {
    const state = { listed: [], objects: [], after: null, ...from } as unknown as FanOutState;
    const { recipients, rest } = await collectNextRecipients(context, { actor } as WorkflowRun, state, limit);
    return { keys: recipients.map(({ key, isCanceled }) => (isCanceled ? `${key} canceled` : key)), rest };
  }
  const listed = (...users: string[]) => users.map((user) => ({ key: toRecipientKey(user), trigger_data: null }));

  it("returns listed recipients up to the limit, and the rest", async () => {
    expect(await collect({ listed: listed("a", "b", "c") }, 2)).toEqual({
      keys: ["$users/a", "$users/b"],
      rest: { listed: listed("c"), objects: [], after: null },
    });
  });

  it("E-055 returns subscribers page by page, without the actor, and objects with their own subscribers", async () => {
    const first = await collect({ objects: [{ key: OBJECT, depth: 1 }] }, 3, "$users/ana");
    expect(first.keys).toEqual([TEAM, "$users/bo", "$users/cy"]);
    expect(first.rest.objects).toEqual([{ key: TEAM, depth: 2 }]);
    const second = await collect(first.rest, 3);
    expect(second).toEqual({ keys: ["$users/dee"], rest: { listed: [], objects: [], after: null } });
  });

  it("never asks for more subscribers than fit", async () => {
    const { keys, rest } = await collect({ listed: listed("x"), objects: [{ key: OBJECT, depth: 1 }] }, 3);
    expect(keys).toEqual(["$users/x", "$users/ana", TEAM]);
    expect(rest).toMatchObject({
      listed: [],
      after: 2,
      objects: [
        { key: OBJECT, depth: 1 },
        { key: TEAM, depth: 2 },
      ],
    });
  });

  it("marks recipients for whom the trigger was canceled, and keeps the cancellation for the rest", async () => {
    const all = await collect({ listed: listed("a", "b"), canceled: "all" }, 1);
    expect(all).toMatchObject({ keys: ["$users/a canceled"], rest: { canceled: "all" } });
    expect("canceled" in (await collect({ listed: listed("a", "b") }, 1)).rest).toBe(false);
  });
});

describe("the fan-out of a trigger", () => {
  async function countReached(overrideStore: HarnessOptions["overrideStore"]): Promise<Record<string, number>> {
    const h = await EngineHarness.open({ overrideStore });
    try {
      const recipients = Array.from({ length: 700 }, (_, index) => `s${index}`);
      await h.identify(...recipients.map((id) => ({ id })));
      await h.store.upsertSubscriptions(
        recipients.map((id) => ({ object: OBJECT, recipient: toRecipientKey(id), properties: {} })),
        h.now,
      );
      h.define("digest", { steps: [step.feed()] });
      await h.trigger("digest", { recipients: [{ collection: "projects", id: "p1" }] });
      await h.engine.runDue({});
      const { items } = await h.store.listRecipientRuns({}, { limit: 1_000 });
      return { runs: items.length, recipients: new Set(items.map(({ recipientRun }) => recipientRun.recipient)).size };
    } finally {
      await h.close();
    }
  }

  it("reaches all subscribers", async () => {
    expect(await countReached(undefined)).toEqual({ runs: 701, recipients: 701 });
  });

  it("continues after a chunk that another call has inserted", async () => {
    let calls = 0;
    const reached = await countReached((store) => ({
      insertFanOutChunk: async (...chunk) => {
        const inserted = await store.insertFanOutChunk(...chunk);
        return ++calls === 1 ? { outcome: "repeated" } : inserted;
      },
    }));
    expect(reached).toEqual({ runs: 701, recipients: 701 });
  });
});
