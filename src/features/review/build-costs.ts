import type { SentMessage } from "../../comparison/recorded-history.js";
import type { Channel } from "../../domain/environment/environment.js";
import { type Amount, addAmounts, formatAmount } from "../../domain/pricing/amount.js";
import { CostCounter, type Costs, PERIOD_MS } from "../../domain/pricing/cost-counter.js";
import { formatUnpriced } from "../../domain/pricing/format-unpriced.js";
import type { Prices } from "../../domain/pricing/prices-schema.js";
import { toPricedMessage } from "../../domain/pricing/to-priced-message.js";
import { toRecipientKey } from "../../domain/recipient/recipient.js";
import { KnockError } from "../../errors/knock-error.js";
import type { TimedSamples } from "./build-volume.js";
import type { ReviewReport, WorkflowReview } from "./review-report-schema.js";
import type { ReviewSide } from "./sides.js";

type Channels = Readonly<Record<string, Channel | null>>;

/** The exact prices of a month. */
export type MonthlyCosts = Readonly<Record<"before" | "after", Amount>>;

interface ReviewCosts {
  exact: MonthlyCosts;
  total: NonNullable<ReviewReport["volume"]["cost"]>;
  byWorkflow(key: string): NonNullable<WorkflowReview["cost"]>;
}

interface CountedSide {
  costs: Costs;
  byWorkflow(key: string): Amount;
}

const DAY_MS = 86_400_000;
const NOTHING: Amount = { units: 0n, divisor: 1n };

const getFirstTime = ({ before, after }: TimedSamples): number =>
  [...before.messages, ...after.messages].reduce((first, { at }) => Math.min(first, at), Number.POSITIVE_INFINITY);

/** Returns the channels of a side, which name the providers; none if its environment is invalid, which is a finding. */
async function readChannels({ project }: ReviewSide): Promise<Channels> {
  try {
    return (await project.environment()).channels;
  } catch (error) {
    if (error instanceof KnockError) return {};
    throw error;
  }
}

/** Counts the messages of one side, all of them and those of each workflow. */
class SideCosts {
  private readonly all: CostCounter;
  private readonly workflows = new Map<string, CostCounter>();

  constructor(
    private readonly prices: Prices,
    private readonly divisor: bigint,
    private readonly channels: Channels,
  ) {
    this.all = new CostCounter(prices, divisor);
  }

  /**
   * Adds the messages of a source, scaled to 30 days. Recipients are not multiplied, because the same people are notified again. Those
   * of a longer time are counted in each of its periods of 30 days, and averaged.
   */
  add(messages: readonly SentMessage[], span: number, firstTime: number): void {
    const scaled = (this.divisor * BigInt(PERIOD_MS)) / BigInt(span);
    const recipientWeight = span > PERIOD_MS ? scaled : this.divisor;
    const lastPeriod = Math.ceil(span / PERIOD_MS) - 1;
    for (const { channel, content, recipient, workflow, at } of messages) {
      const period = Math.min(lastPeriod, Math.floor((at - firstTime) / PERIOD_MS));
      const provider = this.channels[channel.key]?.provider ?? "";
      const priced = toPricedMessage({
        channel: { type: channel.type, provider },
        content,
        recipient: `${period} ${toRecipientKey(recipient)}`,
      });
      const weight = { period: 0, message: scaled, recipient: recipientWeight };
      this.all.add(priced, weight);
      const own = this.workflows.get(workflow) ?? new CostCounter(this.prices, this.divisor);
      own.add(priced, weight);
      this.workflows.set(workflow, own);
    }
  }

  build(): CountedSide {
    const costs = this.all.build();
    const byPrice = new Map(costs.messages.map((line) => [line.price, line]));
    /** Returns the share of a workflow in each price, so that it has its part of tiers. */
    const byWorkflow = (key: string): Amount => {
      const shares = (this.workflows.get(key)?.build().messages ?? []).flatMap(({ price, units }): Amount[] => {
        const line = byPrice.get(price);
        if (line === undefined) return [];
        return [{ units: line.amount.units * units, divisor: line.amount.divisor * line.units }];
      });
      return shares.reduce(addAmounts, NOTHING);
    };
    return { costs, byWorkflow };
  }
}

/** Returns what the messages of a month cost on both sides; null without triggers with times. */
export async function buildCosts(
  sources: readonly TimedSamples[],
  prices: Prices,
  sides: Readonly<Record<"before" | "after", ReviewSide>>,
): Promise<ReviewCosts | null> {
  const timed = sources.flatMap((source) =>
    source.days === null ? [] : [{ source, span: Math.round(source.days * DAY_MS), firstTime: getFirstTime(source) }],
  );
  if (timed.length === 0) return null;
  // A number of messages is a fraction with this divisor, so that scaling is exact.
  const divisor = timed.reduce((product, { span }) => product * BigInt(span), 1n);
  const count = async (side: "before" | "after"): Promise<CountedSide> => {
    const counted = new SideCosts(prices, divisor, await readChannels(sides[side]));
    for (const { source, span, firstTime } of timed) counted.add(source[side].messages, span, firstTime);
    return counted.build();
  };
  const [before, after] = [await count("before"), await count("after")];
  const unpriced = [before, after].flatMap(({ costs }) => costs.unpriced.map(formatUnpriced));
  return {
    exact: { before: before.costs.total, after: after.costs.total },
    total: {
      currency: prices.currency,
      before: formatAmount(before.costs.total),
      after: formatAmount(after.costs.total),
      unpriced: [...new Set(unpriced)].sort(),
    },
    byWorkflow: (key) => ({
      before: formatAmount(before.byWorkflow(key)),
      after: formatAmount(after.byWorkflow(key)),
    }),
  };
}
