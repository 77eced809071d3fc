import type { Message } from "../../domain/message/message.js";
import { formatAmount } from "../../domain/pricing/amount.js";
import { CostCounter, PERIOD_MS } from "../../domain/pricing/cost-counter.js";
import type { Prices } from "../../domain/pricing/prices-schema.js";
import { toPricedMessage } from "../../domain/pricing/to-priced-message.js";
import { getSendTime } from "./forecast-builder.js";
import type { ForecastReport } from "./forecast-report-schema.js";

/** Counts what messages cost as they are added. */
export class ForecastCosts {
  private readonly counter: CostCounter;

  /** `from` is the start of the first period of 30 days, in milliseconds. */
  constructor(
    prices: Prices,
    private readonly from: number,
  ) {
    this.counter = new CostCounter(prices);
  }

  add(message: Message): void {
    const period = Math.floor((getSendTime(message) - this.from) / PERIOD_MS);
    this.counter.add(toPricedMessage(message), { period, message: 1n, recipient: 1n });
  }

  build(): NonNullable<ForecastReport["cost"]> {
    const { currency, total, messages, plan, unpriced } = this.counter.build();
    return {
      currency,
      total: formatAmount(total),
      prices: messages.map(({ price, units, amount }) => ({
        channel_type: price.channel_type,
        provider: price.provider ?? null,
        country: price.country ?? null,
        per: price.per,
        units: Number(units),
        amount: formatAmount(amount),
      })),
      plan: plan && { per: plan.price.per, units: Number(plan.units), amount: formatAmount(plan.amount) },
      unpriced,
    };
  }
}
