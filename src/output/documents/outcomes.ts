import * as z from "zod/mini";
import {
  cancelOutcomeSchema,
  expectationResultSchema,
  outcomeSummarySchema,
  triggerOutcomeSchema,
} from "../../domain/run/outcome-schema.js";
import { anyObject, described } from "../../domain/schema/fields.js";
import { textField, textOrNull, withKeywords } from "../../domain/schema/output-fields.js";

/** The field that `--expect` adds to documents. */
export const expectationsField = () =>
  z.optional(
    described(
      z.array(expectationResultSchema).check(z.minLength(1)),
      "The rules of --expect. Absent without the option.",
    ),
  );

/** The rule that recipients and summary are null together, and only on the remote target. */
const REPORTED_TOGETHER = {
  if: { properties: { recipients: { type: "null" } } },
  // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema
  then: { properties: { summary: { type: "null" }, target: { const: "remote" } } },
  else: { properties: { summary: { type: "object" } } },
};

export const outcomeDocumentSchema = withKeywords(
  z.extend(triggerOutcomeSchema, { expectations: expectationsField() }),
  REPORTED_TOGETHER,
);

export const cancellationSchema = withKeywords(
  z.extend(cancelOutcomeSchema, { expectations: expectationsField() }),
  REPORTED_TOGETHER,
);

/** A request that `notify --dry-run` would send. */
export const dryRunSchema = z.object({
  dry_run: described(z.literal(true), "Always true: nothing was sent."),
  method: described(z.literal("POST"), "The HTTP method."),
  path: textField("The path, from /v1."),
  headers: described(z.record(z.string(), z.string()), "The headers. The API key is redacted."),
  body: described(anyObject(), "The body of the request."),
});

export const sentBroadcastSchema = z.object({
  broadcast: textField("The broadcast's key."),
  runs: described(
    z.array(z.extend(triggerOutcomeSchema, { tenant: textOrNull("The tenant of the run's recipients, or null.") })),
    "One workflow run for each tenant.",
  ),
  summary: outcomeSummarySchema,
});
