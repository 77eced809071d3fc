import { type Amount, toUnits } from "./amount.js";
import type { MessagePrice, PlanPrice, Prices } from "./prices-schema.js";

/** The time after which tiers and the recipients of a plan start again. */
export const PERIOD_MS = 30 * 86_400_000;

/** A message as far as its price depends on it. */
export interface PricedMessage {
  channel_type: string;
  provider: string;
  /** The ISO 3166 code of the recipient's country; null if it is unknown. */
  country: string | null;
  /** The number of segments; 1 for messages that have none. */
  segments: number;
  recipient: string;
}

/** How a message counts. Weights are in units of the counter. */
interface MessageWeight {
  /** The period of 30 days, from 0. */
  period: number;
  /** How often the message is counted. */
  message: bigint;
  /** How often its recipient is counted in the period. */
  recipient: bigint;
}

interface PriceLine<Price> {
  price: Price;
  /** The counted messages, segments or recipients, times the unit of the counter. */
  units: bigint;
  amount: Amount;
}

type UnpricedLine = Pick<PricedMessage, "channel_type" | "provider" | "country"> & { messages: number };

/** The cost of messages. Amounts are exact. */
export interface Costs {
  currency: string;
  total: Amount;
  messages: PriceLine<MessagePrice>[];
  plan: PriceLine<PlanPrice> | null;
  /** The messages without a price. */
  unpriced: UnpricedLine[];
}

type Periods = Map<number, bigint>;

const increment = (periods: Periods, period: number, by: bigint): void =>
  void periods.set(period, (periods.get(period) ?? 0n) + by);

/**
 * Counts units per price and period of 30 days, because tiers start again with each period. A message counts as a fraction with the
 * divisor of the counter, so that scaled numbers are exact.
 */
export class CostCounter {
  private readonly units = new Map<MessagePrice, Periods>();
  private readonly unpriced = new Map<string, UnpricedLine>();
  private readonly planMessages: Periods = new Map();
  private readonly planRecipients = new Map<number, Map<string, bigint>>();
  private readonly once: MessageWeight;

  constructor(
    private readonly prices: Prices,
    private readonly divisor = 1n,
  ) {
    this.once = { period: 0, message: divisor, recipient: divisor };
  }

  add(message: PricedMessage, weight: MessageWeight = this.once): void {
    const { period } = weight;
    increment(this.planMessages, period, weight.message);
    const recipients = this.planRecipients.get(period) ?? new Map<string, bigint>();
    const known = recipients.get(message.recipient) ?? 0n;
    if (weight.recipient > known) recipients.set(message.recipient, weight.recipient);
    this.planRecipients.set(period, recipients);
    const price = this.findPrice(message);
    if (price === undefined) return this.addUnpriced(message);
    const periods = this.units.get(price) ?? new Map<number, bigint>();
    increment(periods, period, weight.message * BigInt(price.per === "segment" ? message.segments : 1));
    this.units.set(price, periods);
  }

  private findPrice({ channel_type, provider, country }: PricedMessage): MessagePrice | undefined {
    let found: { price: MessagePrice; fields: number } | undefined;
    for (const price of this.prices.messages) {
      if (price.channel_type !== channel_type) continue;
      if (price.provider != null && price.provider !== provider) continue;
      if (price.country != null && price.country !== country) continue;
      const fields = Number(price.provider != null) + Number(price.country != null);
      if (found === undefined || fields > found.fields) found = { price, fields };
    }
    return found?.price;
  }

  private addUnpriced({ channel_type, provider, country }: PricedMessage): void {
    const key = JSON.stringify([channel_type, provider, country]);
    const line = this.unpriced.get(key) ?? { channel_type, provider, country, messages: 0 };
    line.messages++;
    this.unpriced.set(key, line);
  }

  build(): Costs {
    const messages = this.prices.messages.flatMap((price) => {
      const periods = this.units.get(price);
      return periods === undefined ? [] : [this.buildLine(price, [...periods.values()])];
    });
    const plan = this.buildPlan();
    const lines = plan === null ? messages : [...messages, plan];
    const units = lines.reduce((sum, { amount }) => sum + amount.units, 0n);
    const { currency } = this.prices;
    const total = { units, divisor: this.divisor };
    return { currency, total, messages, plan, unpriced: [...this.unpriced.values()] };
  }

  private buildPlan(): PriceLine<PlanPrice> | null {
    const { plan } = this.prices;
    if (plan == null) return null;
    const sum = (weights: Iterable<bigint>): bigint => [...weights].reduce((total, weight) => total + weight, 0n);
    const recipients = [...this.planRecipients.values()].map((weights) => sum(weights.values()));
    return this.buildLine(plan, plan.per === "recipient" ? recipients : [...this.planMessages.values()]);
  }

  private buildLine<Price extends MessagePrice | PlanPrice>(price: Price, periods: readonly bigint[]) {
    const units = periods.reduce((sum, count) => sum + count, 0n);
    const amount = periods.reduce((sum, count) => sum + this.computeTiers(price, count), 0n);
    return { price, units, amount: { units: amount, divisor: this.divisor } };
  }

  /** Returns the price of the units of a period, each of which costs the price of its own tier. */
  private computeTiers({ price, tiers }: MessagePrice | PlanPrice, units: bigint): bigint {
    if (tiers == null) return toUnits(price ?? 0) * units;
    let total = 0n;
    let counted = 0n;
    for (const tier of tiers) {
      const last = tier.up_to == null ? units : BigInt(tier.up_to) * this.divisor;
      const end = last < units ? last : units;
      if (end > counted) total += toUnits(tier.price) * (end - counted);
      counted = end > counted ? end : counted;
    }
    return total;
  }
}
