import * as z from "zod/mini";
import { once } from "../../util/once.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { CHANNEL_TYPES, hasTrait } from "../message/channel-types.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { described, matchingText, optional, schemaReference, text, wholeNumber } from "../schema/fields.js";
import { AMOUNT_PLACES, isExactPrice } from "./amount.js";

/** The price of some of the units of 30 days. */
interface PriceTier {
  /** The last unit of the tier, counted from 1; absent for the last tier. */
  up_to?: number | null;
  price: number;
}

/** A price of one unit, or of the units of each tier. */
interface UnitPrice {
  price?: number | null;
  tiers?: PriceTier[] | null;
}

/** The price of messages of a channel type, or of those of one provider or country. */
export interface MessagePrice extends UnitPrice {
  channel_type: string;
  provider?: string | null;
  country?: string | null;
  per: "message" | "segment";
}

/** The price of the service itself. */
export interface PlanPrice extends UnitPrice {
  per: "message" | "recipient";
}

/** The prices of messages, from `prices.json`. */
export interface Prices {
  currency: string;
  messages: MessagePrice[];
  plan?: PlanPrice | null;
}

const MAX_PRICE = 1_000_000_000;

const amountField = (description: string) =>
  described(
    z
      .number()
      .check(
        z.refine((value) => value >= 0 && value <= MAX_PRICE, { error: `must be a number from 0 to ${MAX_PRICE}` }),
      )
      .check(
        z.refine((value) => value < 0 || value > MAX_PRICE || isExactPrice(value), {
          error: `must have at most ${AMOUNT_PLACES} decimal places`,
        }),
      ),
    description,
    0.0079,
  );

const unitPriceFields = () => ({
  price: optional(amountField("The price of one unit.")),
  tiers: described(
    optional(
      z
        .array(
          z.strictObject({
            up_to: described(optional(wholeNumber(1)), "The last unit of the tier. The last tier has none.", 10_000),
            price: amountField("The price of each unit of the tier."),
          }),
        )
        .check(z.minLength(1)),
    ),
    "Prices by the number of units in 30 days. Each unit costs the price of its own tier.",
  ),
});

/** Adds an error unless a price has one of `price` and `tiers`, and its tiers are in order. */
function checkUnitPrice({ value, issues }: z.core.ParsePayload<UnitPrice>): void {
  const add = (message: string, path: (string | number)[] = []): void =>
    void issues.push({ code: "custom", message, input: value, path, continue: true });
  const { price, tiers } = value;
  if ((price ?? null) === null && (tiers ?? null) === null) return add("needs a price or tiers");
  if ((price ?? null) !== null && (tiers ?? null) !== null) return add("has a price and tiers; remove one of them");
  for (const [index, { up_to }] of (tiers ?? []).entries()) {
    const isLast = index === (tiers?.length ?? 0) - 1;
    const before = tiers?.[index - 1]?.up_to ?? 0;
    if (isLast && up_to != null) add("must be left out, because no tier follows", ["tiers", index, "up_to"]);
    if (!isLast && up_to == null) add("is missing: only the last tier has no end", ["tiers", index, "up_to"]);
    if (!isLast && up_to != null && up_to <= before) add(`must be above ${before}`, ["tiers", index, "up_to"]);
  }
}

/** Adds an error for a country or segments of another channel type than SMS, which no message has. */
function checkSmsOnly({ value, issues }: z.core.ParsePayload<MessagePrice>): void {
  const { channel_type, country, per } = value;
  if (hasTrait(channel_type, "hasSegments")) return;
  const add = (message: string, key: string): void =>
    void issues.push({ code: "custom", message, input: value, path: [key], continue: true });
  if (country != null) add("is only for sms", "country");
  if (per === "segment") add("must be message, because only sms has segments", "per");
}

/** The schema of `prices.json`. */
export const pricesSchema = once(() =>
  described(
    z.strictObject({
      $schema: schemaReference(),
      currency: described(
        matchingText((code) => /^[A-Z]{3}$/.test(code), "must be a currency such as EUR"),
        "The ISO 4217 code of the currency.",
        "EUR",
      ),
      messages: described(
        z.array(
          z
            .strictObject({
              channel_type: described(z.enum(CHANNEL_TYPES), "The type of the channel.", "sms"),
              provider: text("The provider; all providers without it.", "twilio"),
              country: described(
                optional(matchingText((code) => /^[A-Z]{2}$/.test(code), "must be a country such as DE")),
                "The ISO 3166 code of the country of the phone number; all countries without it. A number of an unknown country has no country.",
                "DE",
              ),
              per: described(
                z.enum(["message", "segment"]),
                "The unit that is priced: a message, or a segment of an SMS.",
              ),
              ...unitPriceFields(),
            })
            .check(checkUnitPrice, checkSmsOnly),
        ),
        "The prices of messages. The price with most matching fields applies, the first one of several.",
      ),
      plan: described(
        optional(
          z
            .strictObject({
              per: described(
                z.enum(["message", "recipient"]),
                "The unit that the plan counts: messages, or recipients with a message in 30 days.",
              ),
              ...unitPriceFields(),
            })
            .check(checkUnitPrice),
        ),
        "The price of the notification service itself.",
      ),
    }),
    "Prices of messages, for `knock forecast` and `knock review`.",
  ),
);

/** Parses a `prices.json`. Throws `project_invalid` with one pointer per finding. */
export function parsePrices(raw: unknown, file: string): Prices {
  checkJsonShape(raw, file, "project_invalid");
  const findings = new DocumentFindings();
  const prices = checkClosedDocument(pricesSchema(), raw, findings.add);
  if (prices === null) throw findings.toError(file, "project_invalid");
  return prices;
}
