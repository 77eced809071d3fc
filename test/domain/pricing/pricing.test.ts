import { describe, expect, it } from "vitest";
import { compareAmounts, formatAmount, parseAmount, toUnits } from "../../../src/domain/pricing/amount.js";
import { CostCounter, type PricedMessage } from "../../../src/domain/pricing/cost-counter.js";
import { countSegments } from "../../../src/domain/pricing/count-segments.js";
import { findCountry } from "../../../src/domain/pricing/find-country.js";
import { parsePrices } from "../../../src/domain/pricing/prices-schema.js";

describe("segments of an SMS", () => {
  it.each<[string, string, number]>([
    ["an empty text", "", 1],
    ["160 characters of GSM-7", "a".repeat(160), 1],
    ["161 characters of GSM-7", "a".repeat(161), 2],
    ["306 characters of GSM-7", "a".repeat(306), 2],
    ["307 characters of GSM-7", "a".repeat(307), 3],
    ["80 characters of the extension table", "€".repeat(80), 1],
    ["an extension at the 160th septet", `${"a".repeat(159)}€`, 2],
    ["an extension that does not fit into the first part", `${"a".repeat(152)}€${"a".repeat(152)}`, 3],
    ["accents of the basic alphabet", "é".repeat(160), 1],
    ["70 characters of UCS-2", "ж".repeat(70), 1],
    ["71 characters of UCS-2", "ж".repeat(71), 2],
    ["134 characters of UCS-2", "ж".repeat(134), 2],
    ["135 characters of UCS-2", "ж".repeat(135), 3],
    ["one emoji in a text of GSM-7", `${"a".repeat(69)}🎉`, 2],
    ["35 emojis", "🎉".repeat(35), 1],
    ["an emoji that does not fit into the first part", `${"ж".repeat(66)}🎉${"ж".repeat(66)}`, 3],
  ])("%s", (_name, text, segments) => {
    expect(countSegments(text)).toBe(segments);
  });
});

const exact = (units: bigint, divisor = 1n) => ({ units, divisor });

describe("amounts", () => {
  it("add without rounding errors", () => {
    expect(formatAmount(exact(toUnits(0.1) + toUnits(0.2)))).toBe("0.30");
    expect(formatAmount(exact(toUnits(0.0079) * 10_000n))).toBe("79.00");
    expect(formatAmount(exact(toUnits(1e-7) * 3n))).toBe("0.0000003");
    expect(formatAmount(exact(toUnits(12)))).toBe("12.00");
  });

  it("are rounded up if they cannot be written, and compared exactly", () => {
    const third = exact(toUnits(1), 3n);
    expect(formatAmount(third)).toBe("0.333334");
    expect(formatAmount(exact(toUnits(1), 8n))).toBe("0.125");
    expect(compareAmounts(third, parseAmount("0.333333333333333333"))).toBe(1);
    expect(compareAmounts(third, parseAmount("0.333333333333333334"))).toBe(-1);
    expect(compareAmounts(exact(toUnits(9), 3n), parseAmount("3"))).toBe(0);
    expect(compareAmounts(exact(toUnits(0.1) + toUnits(0.2)), parseAmount("0.30"))).toBe(0);
  });
});

describe("countries of phone numbers", () => {
  it.each<[string, string | null]>([
    ["+49 170 1234567", "DE"],
    ["+1 (212) 555-0100", "US"],
    ["+14165550100", "CA"],
    ["+18765550100", "JM"],
    ["+447700900123", "GB"],
    ["+79161234567", "RU"],
    ["+77012345678", "KZ"],
    ["+3581234567", "FI"],
    ["+8001234567", null],
    ["0170 1234567", null],
    ["+49", null],
    ["KNOCK", null],
    ["", null],
  ])("%s is %s", (number, country) => {
    expect(findCountry(number)).toBe(country);
  });
});

const message = (more: Partial<PricedMessage> = {}): PricedMessage => ({
  channel_type: "sms",
  provider: "twilio",
  country: "DE",
  segments: 2,
  recipient: "ada",
  ...more,
});

/** Counts the messages of each period of 30 days. */
function count(document: unknown, ...periods: readonly (readonly PricedMessage[])[]) {
  const counter = new CostCounter(parsePrices(document, "prices.json"));
  for (const [period, messages] of periods.entries())
    for (const next of messages) counter.add(next, { period, message: 1n, recipient: 1n });
  const { total, messages: lines, unpriced, plan } = counter.build();
  const shown = lines.map(({ price, units, amount }) => [
    price.country ?? price.provider,
    Number(units),
    formatAmount(amount),
  ]);
  return {
    total: formatAmount(total),
    lines: shown,
    unpriced,
    plan: plan && [Number(plan.units), formatAmount(plan.amount)],
  };
}

describe("costs", () => {
  it("use the most specific price, and list messages without one", () => {
    const prices = {
      currency: "EUR",
      messages: [
        { channel_type: "sms", per: "message", price: 1 },
        { channel_type: "sms", provider: "twilio", per: "segment", price: 0.05 },
        { channel_type: "sms", provider: "twilio", country: "US", per: "segment", price: 0.0079 },
      ],
    };
    const sent = [
      message(),
      message({ country: "US" }),
      message({ provider: "vonage" }),
      message({ channel_type: "email", country: null }),
    ];
    expect(count(prices, sent)).toEqual({
      total: "1.1158",
      lines: [
        [undefined, 1, "1.00"],
        ["twilio", 2, "0.10"],
        ["US", 2, "0.0158"],
      ],
      unpriced: [{ channel_type: "email", provider: "twilio", country: null, messages: 1 }],
      plan: null,
    });
  });

  it("price each unit in its own tier, which starts again after 30 days", () => {
    const tiers = [{ up_to: 2, price: 0 }, { up_to: 3, price: 1 }, { price: 0.5 }];
    const prices = { currency: "EUR", messages: [{ channel_type: "email", per: "message", tiers }] };
    const emails = (times: number) => Array.from({ length: times }, () => message({ channel_type: "email" }));
    expect(count(prices, emails(2)).total).toBe("0.00");
    expect(count(prices, emails(3)).total).toBe("1.00");
    expect(count(prices, emails(5)).total).toBe("2.00");
    expect(count(prices, emails(3), emails(3)).total).toBe("2.00");
  });

  it("count messages or the recipients of 30 days for the plan", () => {
    const sent = [[message(), message(), message({ recipient: "alan" })], [message()]];
    const plan = (per: string) => ({ currency: "USD", messages: [], plan: { per, price: 0.01 } });
    expect(count(plan("message"), ...sent).plan).toEqual([4, "0.04"]);
    expect(count(plan("recipient"), ...sent).plan).toEqual([3, "0.03"]);
  });
});

describe("scaled costs", () => {
  const tiers = [{ up_to: 3, price: 0 }, { price: 0.1 }];
  const prices = (document: object) => parsePrices({ currency: "EUR", messages: [], ...document }, "prices.json");

  it("count fractions of messages, and apply tiers to their sum", () => {
    const counter = new CostCounter(prices({ messages: [{ channel_type: "email", per: "message", tiers }] }), 7n);
    for (let sent = 0; sent < 2; sent++)
      counter.add(message({ channel_type: "email" }), { period: 0, message: 30n, recipient: 7n });
    const { total } = counter.build();
    // 60/7 messages, of which 3 are free.
    expect(compareAmounts(total, { units: toUnits(0.1) * 39n, divisor: 7n })).toBe(0);
    expect(formatAmount(total)).toBe("0.557143");
  });

  it("count each recipient once, with the largest weight", () => {
    const counter = new CostCounter(prices({ plan: { per: "recipient", price: 1 } }), 2n);
    for (const recipient of [2n, 1n, 2n]) counter.add(message(), { period: 0, message: 60n, recipient });
    expect(formatAmount(counter.build().total)).toBe("1.00");
  });
});

describe("prices.json", () => {
  const parse = (messages: unknown) => () => parsePrices({ currency: "EUR", messages }, "prices.json");
  it.each<[string, object, RegExp]>([
    ["no price", {}, /needs a price or tiers/],
    ["a price and tiers", { price: 1, tiers: [{ price: 1 }] }, /has a price and tiers/],
    ["a negative price", { price: -1 }, /from 0 to/],
    ["no tiers", { tiers: [] }, /tiers/],
    ["an end of the last tier", { tiers: [{ up_to: 5, price: 1 }] }, /must be left out/],
    ["a tier without end before another", { tiers: [{ price: 1 }, { price: 2 }] }, /only the last tier has no end/],
    [
      "tiers in the wrong order",
      { tiers: [{ up_to: 5, price: 1 }, { up_to: 5, price: 1 }, { price: 1 }] },
      /must be above 5/,
    ],
    ["an unknown key", { price: 1, prise: 1 }, /prise/],
    ["a price with 13 decimal places", { price: 0.1234567890123 }, /at most 12 decimal places/],
    ["a country of emails", { price: 1, channel_type: "email", country: "DE" }, /only for sms/],
    ["segments of emails", { price: 1, channel_type: "email", per: "segment" }, /only sms has segments/],
    ["an unknown country", { price: 1, country: "Germany" }, /must be a country such as DE/],
  ])("rejects %s", (_name, more, error) => {
    expect(parse([{ channel_type: "sms", per: "message", ...more }])).toThrow(error);
  });
});
