import * as z from "zod/mini";
import { recipientReferenceSchema } from "../../domain/run/outcome-schema.js";
import { described } from "../../domain/schema/fields.js";
import { countField, textField, textOrNull, timeField } from "../../domain/schema/output-fields.js";

const dayField = textField("The date, in the time zone of the recipient.");

const recipientForecastSchema = z.object({
  recipient: recipientReferenceSchema,
  messages: countField("The number of messages."),
  max_per_day: countField("The number of messages on the day with most messages."),
  days: described(
    z.array(
      z.object({
        day: dayField,
        messages: countField("The number of messages."),
        channels: described(z.record(z.string(), z.int()), "The number of messages by the key of the channel."),
      }),
    ),
    "The days with messages.",
  ),
});

const batchForecastSchema = z.object({
  workflow: textField("The key of the workflow."),
  step: textField("The ref of the channel step after the batch."),
  messages: countField("The number of messages with a batch."),
  min: countField("The activities of the smallest batch."),
  median: countField("The activities of the batch in the middle."),
  max: countField("The activities of the largest batch."),
});

const quietMessageSchema = z.object({
  recipient: recipientReferenceSchema,
  workflow: textField("The key of the workflow."),
  step: textField("The ref of the step."),
  channel: textField("The key of the channel."),
  at: timeField("The time of the message."),
  local_time: textField("The time in the time zone of the recipient."),
  time_zone: textField("The time zone of the recipient."),
});

const amountField = textField("The exact amount, as a decimal number.");
const pricedFields = {
  channel_type: textField("The type of the channel."),
  provider: textOrNull("The provider, or null for all providers."),
  country: textOrNull("The ISO 3166 code of the country, or null for all countries."),
};

const costSchema = z.object({
  currency: textField("The ISO 4217 code of the currency."),
  total: amountField,
  prices: described(
    z.array(
      z.object({
        ...pricedFields,
        per: described(z.enum(["message", "segment"]), "The unit that is counted."),
        units: countField("The number of messages or segments."),
        amount: amountField,
      }),
    ),
    "The prices that apply, each with its amount.",
  ),
  plan: described(
    z.nullable(
      z.object({
        per: described(z.enum(["message", "recipient"]), "The unit that is counted."),
        units: countField("The number of messages, or of recipients in each period of 30 days."),
        amount: amountField,
      }),
    ),
    "The price of the notification service itself, or null without one.",
  ),
  unpriced: described(
    z.array(
      z.object({
        channel_type: textField("The type of the channel."),
        provider: textField("The provider."),
        country: textOrNull("The ISO 3166 code of the country of the phone number, or null if it is unknown."),
        messages: countField("The number of messages."),
      }),
    ),
    "The messages without a price.",
  ),
});

/** The schema of what `knock forecast --json` prints. */
export const forecastReportSchema = z.object({
  from: timeField("The time of the first trigger."),
  until: timeField("The end of the forecast."),
  summary: described(
    z.object({
      triggers: countField("The number of triggers."),
      rejected: countField("The number of triggers that were not accepted."),
      messages: countField("The number of messages."),
      recipients: countField("The number of recipients of messages."),
      quiet_messages: countField("The number of messages in quiet hours, without in-app messages."),
      over_budget: countField("The number of days of a recipient with more messages than the budget."),
    }),
    "The totals.",
  ),
  channels: described(
    z.array(
      z.object({
        channel: textField("The key."),
        type: textField("The type."),
        messages: countField("The number of messages."),
      }),
    ),
    "The channels, those with most messages first.",
  ),
  days: described(
    z.array(
      z.object({
        day: dayField,
        messages: countField("The number of messages."),
        types: described(z.record(z.string(), z.int()), "The number of messages by the type of the channel."),
      }),
    ),
    "The days with messages.",
  ),
  recipients: described(z.array(recipientForecastSchema), "The recipients, those with most messages on a day first."),
  batches: described(z.array(batchForecastSchema), "The sizes of batches."),
  quiet_messages: described(
    z.array(quietMessageSchema),
    "Up to 100 messages in quiet hours, the latest ones in order of time.",
  ),
  over_budget: described(
    z.array(
      z.object({ recipient: recipientReferenceSchema, day: dayField, messages: countField("The number of messages.") }),
    ),
    "The days of a recipient with more messages than the budget.",
  ),
  rejected: described(
    z.array(
      z.object({
        trigger: textField("The file and line of the trigger."),
        code: textField("The error code."),
        message: textField("The error."),
      }),
    ),
    "The first 100 triggers that were not accepted.",
  ),
  cost: described(z.nullable(costSchema), "The price of the messages, or null without prices."),
});

export type ForecastReport = z.infer<typeof forecastReportSchema>;
