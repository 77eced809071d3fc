import { expect, it } from "vitest";
import type { Channel } from "../../../src/domain/environment/environment.js";
import { DeliveryRates } from "../../../src/engine/context/delivery-rates.js";
import { step } from "../../helpers/build-steps.js";
import { createCaseEnvironment } from "../../helpers/case-environment.js";
import { HOUR, T0 } from "../../helpers/case-times.js";
import { withHarness } from "../../helpers/engine-case.js";

it("the messages of a channel are sent evenly, up to its limit per second, and others at once", async () => {
  const waits: number[] = [];
  const rates = new DeliveryRates({ realNow: () => 0, sleep: async (milliseconds) => void waits.push(milliseconds) });
  const environment = createCaseEnvironment();
  const mail = environment.channels.mail as Channel;
  mail.max_per_second = 2;
  for (let count = 0; count < 4; count++) await rates.acquire(environment, mail.id);
  for (let count = 0; count < 100; count++) await rates.acquire(environment, (environment.channels.text as Channel).id);
  // Requests may start 20 ms early.
  expect(waits).toEqual([480, 980, 1_480]);
  mail.max_per_second = 1_000;
  await rates.acquire(environment, mail.id);
  expect(waits).toHaveLength(3);
});

it("a claim of a limited channel contains what can be sent before its lease ends, and a stop ends after it", () =>
  withHarness(async (h) => {
    (h.environment.channels.mail as Channel).max_per_second = 1;
    const limits: number[] = [];
    const { store } = h;
    const claimDueMessages = store.claimDueMessages.bind(store);
    store.claimDueMessages = (claim, limit) => {
      limits.push(limit);
      return claimDueMessages(claim, limit);
    };
    h.define("late", { steps: [step.delay("minutes", 1), step.email("S", "late")] });
    const recipients = Array.from({ length: 25 }, (_, n) => ({ id: `p${n}`, email: "p@lark.test" }));
    await h.trigger("late", { recipients });
    h.now = T0 + HOUR;
    await h.engine.runDueTask({ kind: "runs", scope: {} }, new AbortController().signal);
    const stopping = new AbortController();
    const stop = h.deliver;
    h.deliver = (...delivered) => {
      stopping.abort();
      return stop(...delivered);
    };
    const task = { kind: "messages", scope: { channel: "c-mail" } } as const;
    expect(await h.engine.runDueTask(task, stopping.signal)).toMatchObject({ deliveries: 10, isRateLimited: true });
    expect(await h.engine.runDueTask(task, new AbortController().signal)).toMatchObject({ deliveries: 15 });
    expect(limits.slice(0, 3)).toEqual([10, 10, 10]);
    expect(new Set(h.deliveredMessages.map(({ id }) => id)).size).toBe(25);
  }));
