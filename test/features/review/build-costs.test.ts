import { describe, expect, it } from "vitest";
import type { SentMessage } from "../../../src/comparison/recorded-history.js";
import { parsePrices } from "../../../src/domain/pricing/prices-schema.js";
import { buildCosts } from "../../../src/features/review/build-costs.js";
import { buildVolume } from "../../../src/features/review/build-volume.js";
import { checkRules } from "../../../src/features/review/check-rules.js";
import { formatAmounts } from "../../../src/features/review/describe-review.js";
import { SAMPLE_REPORT } from "./sample-report.js";

const DAY = 86_400_000;

interface Sent {
  recipient?: string;
  workflow?: string;
  /** Days after the first trigger. */
  at?: number;
}

const email = ({ recipient = "ada", workflow = "welcome", at = 0 }: Sent): SentMessage => ({
  id: "1",
  trigger: "all.jsonl:1",
  recipient,
  workflow,
  step: "email_1",
  tenant: null,
  status: "sent",
  channel: { key: "email", type: "email" },
  at: at * DAY,
  content: {},
  workflowRunId: "1",
  recipientRunId: "1",
});

const sides = (["before", "after"] as const).map((side) => [
  side,
  { project: { environment: async () => ({ channels: { email: { provider: "ses" } } }) } },
]);

/** Returns the costs of messages, of which the first ones are those of both sides. */
async function build(document: object, sources: { days: number | null; before: Sent[]; after: Sent[] }[]) {
  const prices = parsePrices({ currency: "EUR", messages: [], ...document }, "prices.json");
  const samples = sources.map(({ days, before, after }) => ({
    days,
    triggers: 1,
    filter: {},
    before: { messages: before.map(email), runs: [], rejected: [] },
    after: { messages: after.map(email), runs: [], rejected: [] },
  }));
  const found = await buildCosts(samples as never, prices, Object.fromEntries(sides) as never);
  const exact = { messages: { before: 0n, after: 0n }, costs: found?.exact ?? null };
  const isWithin = (budget: string): boolean | undefined => {
    const rules = { failOn: [], maxLost: null, maxGrowth: null, budget };
    return checkRules(SAMPLE_REPORT, rules, exact)[0]?.met;
  };
  const failsOnCost = (): boolean | undefined =>
    checkRules(SAMPLE_REPORT, { failOn: ["cost"], maxLost: null, maxGrowth: null, budget: null }, exact)[0]?.met ===
    false;
  return { found, total: found?.total, isWithin, failsOnCost };
}

const perEmail = (price: object) => ({ messages: [{ channel_type: "email", per: "message", ...price }] });
const times = (count: number, sent: Sent = {}): Sent[] => Array.from({ length: count }, () => sent);

describe("the price of a month", () => {
  it("equal to a budget is within it, and the smallest amount above is not", async () => {
    const { total, isWithin } = await build(perEmail({ price: 0.1 }), [{ days: 30, before: [], after: times(3) }]);
    expect(total).toMatchObject({ before: "0.00", after: "0.30" });
    expect(isWithin("0.3")).toBe(true);
    expect(isWithin("0.299999999999")).toBe(false);
    expect(isWithin("0")).toBe(false);
  });

  it("is compared without rounding if it is scaled", async () => {
    // 0.1 × 30 / 7 is 0.428571428571428571…
    const { total, isWithin } = await build(perEmail({ price: 0.1 }), [{ days: 7, before: [], after: times(1) }]);
    expect(total?.after).toBe("0.428572");
    expect(isWithin("0.42857142857142857143")).toBe(true);
    expect(isWithin("0.42857142857142857142")).toBe(false);
    expect(isWithin("0.428571")).toBe(false);
  });

  it("that grows by less than the printed places is higher", async () => {
    const days = 7.000_000_1;
    const { total, failsOnCost } = await build(perEmail({ tiers: [{ up_to: 4, price: 0 }, { price: 1e-12 }] }), [
      { days, before: times(1), after: times(1) },
    ]);
    expect([total?.before, failsOnCost()]).toEqual([total?.after, false]);
    const more = await build(perEmail({ price: 1e-12 }), [{ days, before: times(6), after: times(7) }]);
    expect([more.total?.before, more.total?.after, more.failsOnCost()]).toEqual(["0.000001", "0.000001", true]);
  });

  it("applies tiers to the sum of all sources, of which each is scaled", async () => {
    // 2 × 30 / 10 and 4 × 30 / 60 messages are 8 in a month, of which 3 are free.
    const sources = [
      { days: 10, before: [], after: times(2) },
      { days: 60, before: [], after: times(4) },
      { days: null, before: [], after: times(9) },
    ];
    const { found } = await build(perEmail({ tiers: [{ up_to: 3, price: 0 }, { price: 0.5 }] }), sources);
    expect(found?.total.after).toBe("2.50");
  });

  it("is shared by workflows according to their messages", async () => {
    const after = [...times(1, { workflow: "welcome" }), ...times(3, { workflow: "digest" })];
    const { found } = await build(
      { ...perEmail({ tiers: [{ up_to: 2, price: 0 }, { price: 1 }] }), plan: { per: "message", price: 9 } },
      [{ days: 30, before: [], after }],
    );
    expect(found?.total.after).toBe("38.00");
    expect(["welcome", "digest", "none"].map((key) => found?.byWorkflow(key).after)).toEqual(["0.50", "1.50", "0.00"]);
  });

  it("counts recipients of a plan once, and averages those of a longer time", async () => {
    const plan = { plan: { per: "recipient", price: 1 } };
    const days = [0, 1, 2];
    const short = await build(plan, [
      { days: 3, before: [], after: days.map((at) => ({ at })) },
      { days: 5, before: [], after: [{ at: 1 }, { at: 2, recipient: "ben" }] },
    ]);
    expect(short.total?.after).toBe("2.00");
    const long = await build(plan, [
      { days: 60, before: [], after: [{ at: 0 }, { at: 31 }, { at: 60 }, { at: 40, recipient: "ben" }] },
    ]);
    expect(long.total?.after).toBe("1.50");
  });

  it("is unknown without times, and names messages without a price", async () => {
    expect((await build({}, [{ days: null, before: [], after: times(1) }])).found).toBeNull();
    const { total } = await build({}, [{ days: 1, before: times(1), after: [] }]);
    expect(total).toEqual({ currency: "EUR", before: "0.00", after: "0.00", unpriced: ["email messages (ses)"] });
  });
});

describe("--max-growth", () => {
  it.each([
    ["10", 22, true],
    ["9.999999", 22, false],
    ["10", 23, false],
  ])("%s% compares messages without rounding", (maxGrowth, after, met) => {
    const side = (count: number) => ({ messages: times(count).map(email), runs: [], rejected: [] });
    // 20 and 22 messages of 31 days are 19.35 and 21.29 of a month, which are shown as 19 and 21.
    const source = { days: 31, triggers: 1, filter: {}, before: side(20), after: side(after) };
    const { exact } = buildVolume([source as never]);
    const rules = { failOn: [], maxLost: null, maxGrowth: Number(maxGrowth), budget: null };
    expect(checkRules(SAMPLE_REPORT, rules, { messages: exact, costs: null })[0]?.met).toBe(met);
  });
});

describe("amounts in a review", () => {
  it.each([
    ["41.65", "4.2549", "41.65 → 4.25"],
    ["1234.5", "1234.5", "1,234.50"],
    ["0.0079", "0.5", "0.008 → 0.50"],
    ["4.251", "4.252", "4.251 → 4.252"],
  ])("%s and %s are %s", (before, after, text) => {
    expect(formatAmounts({ before, after })).toBe(text);
  });
});
