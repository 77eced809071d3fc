import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Message } from "../../../src/domain/message/message.js";
import { toRecipientKey } from "../../../src/domain/recipient/recipient.js";
import type { JsonObject } from "../../../src/util/json.js";
import { batch, minutes } from "../../helpers/batch-case.js";
import { step } from "../../helpers/build-steps.js";
import { HOUR, MINUTE, SECOND } from "../../helpers/case-times.js";
import { getBodyText, withHarness } from "../../helpers/engine-case.js";
import type { EngineHarness } from "../../helpers/engine-harness.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

const RECIPIENTS = ["ana", "bo"];
const WINDOW = 5 * MINUTE;
const LIMIT = 12 * MINUTE;

interface Settings {
  sliding: boolean;
  max: number | null;
  leading: boolean;
  mode: string;
}

type Action =
  | { do: "trigger"; recipients: string[]; key: string }
  | { do: "cancel"; which: number; recipients: string[] | null }
  | { do: "advance"; by: number }
  /** Time passes without due work being run, as between two commands. */
  | { do: "idle"; by: number };

const settings: fc.Arbitrary<Settings> = fc.record({
  sliding: fc.boolean(),
  max: fc.constantFrom(null, 2, 3),
  leading: fc.boolean(),
  mode: fc.constantFrom("latest", "pinned"),
});
const trigger = fc.record({
  do: fc.constant("trigger" as const),
  recipients: fc.subarray(RECIPIENTS, { minLength: 1 }),
  key: fc.constantFrom("A", "B"),
});
const cancel = fc.record({
  do: fc.constant("cancel" as const),
  which: fc.nat(6),
  recipients: fc.option(fc.subarray(RECIPIENTS, { minLength: 1 })),
});
const by = fc.constantFrom(0, SECOND, MINUTE, 2 * MINUTE, 4 * MINUTE, WINDOW, WINDOW + 1, LIMIT);
const advance = fc.record({ do: fc.constant("advance" as const), by });
const idle = fc.record({ do: fc.constant("idle" as const), by });

function definition({ sliding, max, leading, mode }: Settings): JsonObject {
  const gathering = batch({
    batch_key: "key",
    batch_items_max_limit: max,
    batch_items_render_limit: 100,
    workflow_version_mode: mode,
    batch_execution_mode: leading ? "flush_leading" : "accumulate",
    ...(sliding ? { batch_window_type: "sliding", batch_window_extension_limit: minutes(12) } : {}),
  });
  const text = "{{ total_activities }} {% for a in activities %}{{ a.key }}{{ a.n }},{% endfor %}";
  return { steps: [gathering, step.email("S", text)] };
}

interface Sent {
  recipient: string;
  total: number;
  keys: string[];
  numbers: number[];
  at: number;
}

function read(message: Message): Sent {
  const [total = "", list = ""] = getBodyText(message).split(" ");
  const items = list.split(",").filter((item) => item !== "");
  return {
    recipient: RECIPIENTS.find((id) => toRecipientKey(id) === message.recipient) as string,
    total: Number(total),
    keys: items.map((item) => item.slice(0, 1)),
    numbers: items.map((item) => Number(item.slice(1))),
    at: message.inserted_at,
  };
}

const sent = async (h: EngineHarness) => (await h.listMessages()).map(read);

interface Item {
  number: number;
  recipient: string;
  at: number;
  cancelled: boolean;
}

/** Plays the actions and returns the items of every trigger; an item is canceled if its trigger was canceled before a message contained it. */
async function play(h: EngineHarness, actions: readonly Action[]): Promise<Item[]> {
  const items: Item[] = [];
  let triggers = 0;
  for (const action of actions) {
    if (action.do === "trigger") {
      const number = triggers++;
      const { recipients, key } = action;
      await h.trigger("digest", { recipients, data: { n: number, key }, cancellation_key: `ck${number}` });
      for (const recipient of recipients) items.push({ number, recipient, at: h.now, cancelled: false });
    } else if (action.do === "cancel") {
      const before = await sent(h);
      const reached = items.filter(
        ({ number, recipient }) => number === action.which && (action.recipients?.includes(recipient) ?? true),
      );
      const outcome = await h.cancel("digest", `ck${action.which}`, action.recipients ?? undefined);
      for (const item of reached) {
        const isSent = before.some(
          ({ recipient, numbers }) => recipient === item.recipient && numbers.includes(item.number),
        );
        const cancelOutcome = outcome.recipients?.find(({ recipient }) => recipient === item.recipient)?.outcome;
        expect(cancelOutcome).toBe(isSent || item.cancelled ? "not_cancellable" : "cancelled");
        if (!isSent) item.cancelled = true;
      }
    } else if (action.do === "advance") {
      await h.moveTo(h.now + action.by);
    } else {
      h.now += action.by;
    }
  }
  await h.moveTo(h.now + HOUR);
  return items;
}

const inOrder = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b);

async function checkItems(h: EngineHarness, items: readonly Item[]): Promise<Sent[]> {
  const messages = await sent(h);
  for (const recipient of RECIPIENTS) {
    const mine = messages.filter((message) => message.recipient === recipient);
    const expected = items.filter((item) => item.recipient === recipient && !item.cancelled);
    expect(inOrder(mine.flatMap(({ numbers }) => numbers))).toEqual(expected.map(({ number }) => number));
  }
  for (const { total, numbers, keys } of messages) {
    expect(numbers).toHaveLength(total);
    expect(total).toBeGreaterThan(0);
    expect(numbers).toEqual(inOrder(numbers));
    expect(new Set(keys).size).toBe(1);
  }
  const { items: runs } = await h.store.listRecipientRuns({}, { limit: 1000 });
  for (const { recipientRun } of runs) expect(["completed", "cancelled"]).toContain(recipientRun.status);
  return messages;
}

describe("batches", () => {
  it(
    "E-243 to E-266 E-279 E-280 EQ-44 every activity is in one message, unless it was canceled before the close",
    () =>
      fc.assert(
        fc.asyncProperty(
          settings,
          fc.array(fc.oneof({ arbitrary: trigger, weight: 4 }, cancel, { arbitrary: advance, weight: 2 }), {
            maxLength: 25,
          }),
          (over, actions) =>
            withHarness(async (h) => {
              h.define("digest", definition(over));
              const items = await play(h, actions);
              const messages = await checkItems(h, items);
              for (const { recipient, numbers, at } of messages) {
                if (over.max !== null) expect(numbers.length).toBeLessThanOrEqual(over.max);
                for (const number of numbers) {
                  const item = items.find((one) => one.number === number && one.recipient === recipient) as Item;
                  expect(at - item.at).toBeLessThanOrEqual(over.sliding ? LIMIT : WINDOW);
                }
              }
            }),
        ),
        getPropertyRuns(1_000),
      ),
    120_000,
  );

  it(
    "E-261 EQ-43 no activity is lost or repeated if work is processed late",
    () =>
      fc.assert(
        fc.asyncProperty(
          settings,
          fc.array(fc.oneof({ arbitrary: trigger, weight: 3 }, advance, idle), { maxLength: 20 }),
          (over, actions) =>
            withHarness(async (h) => {
              h.define("digest", definition(over));
              const items = await play(h, actions);
              await checkItems(h, items);
            }),
        ),
        getPropertyRuns(500),
      ),
    120_000,
  );
});

describe("throttles", () => {
  it(
    "E-284 to E-287 as many runs pass as a window allows, in any order",
    () =>
      fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 3 }),
          fc.array(fc.oneof({ arbitrary: trigger, weight: 3 }, advance), { maxLength: 25 }),
          (limit, actions) =>
            withHarness(async (h) => {
              const settings = { throttle_key: "key", throttle_limit: limit, throttle_window: minutes(5) };
              h.define("digest", {
                steps: [{ ref: "throttle_1", type: "throttle", settings }, step.email("S", "{{ data.n }}")],
              });
              const windows = new Map<string, { ends: number; passes: number }>();
              const expected: string[] = [];
              for (const [n, action] of actions.entries()) {
                if (action.do === "advance") await h.moveTo(h.now + action.by);
                if (action.do !== "trigger") continue;
                await h.trigger("digest", { recipients: action.recipients, data: { n, key: action.key } });
                for (const recipient of action.recipients) {
                  const open = windows.get(`${recipient} ${action.key}`);
                  const window = open && h.now < open.ends ? open : { ends: h.now + WINDOW, passes: 0 };
                  windows.set(`${recipient} ${action.key}`, window);
                  if (window.passes < limit) {
                    window.passes++;
                    expected.push(`${recipient} ${n}`);
                  }
                }
              }
              const messages = (await h.listMessages()).map(
                (one) => `${RECIPIENTS.find((id) => toRecipientKey(id) === one.recipient)} ${getBodyText(one)}`,
              );
              expect(messages.sort()).toEqual(expected.sort());
            }),
        ),
        getPropertyRuns(500),
      ),
    120_000,
  );
});
