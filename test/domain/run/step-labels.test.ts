import { describe, expect, it } from "vitest";
import type { DeliveryStatus } from "../../../src/domain/message/message.js";
import type { StepOutcome, StepResult } from "../../../src/domain/run/outcome.js";
import { getStepLabels } from "../../../src/domain/run/step-labels.js";

const channelStep = (outcome: StepResult, ...statuses: DeliveryStatus[]): StepOutcome => ({
  ref: "push_1",
  type: "channel",
  channel_type: "push",
  outcome,
  reason: null,
  message_id: statuses.length > 0 ? "m0" : null,
  message_status: statuses[0] ?? null,
  ...(statuses.length > 1 ? { message_ids: statuses.map((_, at) => `m${at}`), message_statuses: statuses } : {}),
});

describe("getStepLabels", () => {
  it.each<[StepOutcome, string]>([
    [channelStep("sent", "not_sent"), "sandboxed 1"],
    [channelStep("sent", "delivered"), "delivered 1"],
    [channelStep("sent", "queued"), "sent 1"],
    [channelStep("sent", "sent", "not_sent", "sent"), "sent 2, sandboxed 1"],
    [channelStep("failed", "bounced"), "bounced 1"],
    [channelStep("failed", "undelivered", "bounced"), "undelivered 1, bounced 1"],
    [channelStep("failed"), "failed 1"],
    [channelStep("skipped"), "skipped 1"],
    [channelStep("queued", "queued"), "queued 1"],
  ])("returns for %j: %s", (step, words) => {
    expect(
      getStepLabels(step)
        .map(({ label: word, count }) => `${word} ${count}`)
        .join(", "),
    ).toBe(words);
  });
});
