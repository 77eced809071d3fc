import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RecipientReference } from "../../../src/domain/recipient/recipient.js";
import { parseExpectation } from "../../../src/domain/run/expectation.js";
import type { RecipientOutcome, StepOutcome, TriggerOutcome } from "../../../src/domain/run/outcome.js";
import { summarizeOutcomes } from "../../../src/domain/run/outcome.js";
import { KnockError } from "../../../src/errors/knock-error.js";
import { catchThrown } from "../../helpers/catch-error.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

function step(
  ref: string,
  channel_type: string,
  outcome: StepOutcome["outcome"],
  more: Partial<StepOutcome> = {},
): StepOutcome {
  return { ref, type: "channel", channel_type, channel: `${channel_type}-channel`, outcome, reason: null, ...more };
}

function run(recipient: RecipientReference, ...steps: StepOutcome[]): RecipientOutcome {
  return { recipient, recipient_run_id: "r", status: "completed", steps };
}

function buildOutcome(...recipients: RecipientOutcome[]): TriggerOutcome {
  return {
    workflow_run_id: "w",
    workflow: "w",
    target: "local",
    cancellation_key: null,
    recipients,
    summary: summarizeOutcomes(recipients),
  };
}

const OUTCOME = buildOutcome(
  run(
    "ada",
    step("feed_1", "in_app_feed", "sent"),
    step("email_1", "email", "skipped", { reason: { code: "preference", detail: null } }),
  ),
  run({ id: "p1", collection: "projects" }, step("email_1", "email", "sent"), step("email_2", "email", "failed")),
  run("urn:x=1", step("email_1", "email", "sent", { message_ids: ["a", "b"] })),
  {
    recipient: "zoe",
    recipient_run_id: null,
    status: null,
    steps: [],
    reason: { code: "recipient_not_found", detail: null },
  },
);

const found = (rule: string): string | null => parseExpectation(rule).check(OUTCOME);

describe("--expect (section 2 of the contract)", () => {
  it.each([
    "sent=3",
    "messages=2",
    "sent==3",
    "sent>=3",
    "sent > 2",
    "sent<5",
    "sent<=4",
    "sent!=2",
    "skipped=1",
    "waiting=0",
    "failed=2",
    "cancelled=0",
    "recipients=4",
    " sent>=1 ",
    "ada:feed_1=sent",
    "ada:in_app_feed=sent",
    "ada:in-app=sent",
    "ada:email-channel=skipped",
    "projects/p1:email_1=sent",
    "urn:x=1:email=sent",
  ])("%s is met", (rule) => {
    expect(found(rule)).toBeNull();
  });

  it.each([
    ["sent>=5", "sent is 3"],
    ["no-failures", "failed is 2"],
    ["ada:email=sent", '"ada" email_1 is skipped (preference)'],
    ["ada:push=sent", "ada ended without reaching step push (so far: feed_1 sent, email_1 skipped)"],
    ["zoe:email=sent", "zoe has no step email (recipient_not_found)"],
    ["bob:email=sent", "bob is not among the recipients"],
    ["p1:email_1=sent", "p1 is not among the recipients"],
    // A rule by type applies to every step of the type, and the second one failed.
    ["projects/p1:email=sent", '{"id":"p1","collection":"projects"} email_2 is failed'],
  ])("reports for %s: %s", (rule, instead) => {
    expect(found(rule)).toBe(instead);
  });

  it("compares a counter with a number, which may have several digits", () => {
    const recipients = Array.from({ length: 12 }, (_, index) => run(`user-${index}`, step("email_1", "email", "sent")));
    const outcome = buildOutcome(...recipients);
    const met = (operator: string, wanted: number) =>
      parseExpectation(`sent${operator}${wanted}`).check(outcome) === null;
    const table = ["=", "==", "!=", ">", ">=", "<", "<="].map((operator) => [
      operator,
      ...[11, 12, 13].map((wanted) => met(operator, wanted)),
    ]);
    expect(table).toEqual([
      ["=", false, true, false],
      ["==", false, true, false],
      ["!=", true, false, true],
      [">", true, false, false],
      [">=", true, true, false],
      ["<", false, false, true],
      ["<=", false, true, true],
    ]);
  });

  it.each(["sent>=1x", "!sent>=1", "sent=>1", "ada:email=sent now", "ada:email=Sent"])("rejects %s", (rule) => {
    expect(catchThrown(() => parseExpectation(rule))).toMatchObject({ code: "usage" });
  });

  it("is not met if the target returns no recipients", () => {
    const untold = { ...OUTCOME, recipients: null, summary: null };
    for (const rule of ["sent>=0", "no-failures", "ada:email=sent"])
      expect(parseExpectation(rule).check(untold)).toContain("--wait");
  });

  it("distinguishes a step that may still run from one that the run ended without", () => {
    const paused = { ...run("ada", step("feed_1", "in_app_feed", "sent")), status: "paused" as const };
    const check = (...entries: RecipientOutcome[]) =>
      parseExpectation("ada:email=sent").check(buildOutcome(...entries));
    expect(check(paused)).toBe("ada has not reached step email yet (so far: feed_1 sent)");
    expect(check({ ...paused, status: "completed" })).toBe(
      "ada ended without reaching step email (so far: feed_1 sent)",
    );
    expect(check(paused, { ...paused, status: "completed" })).toContain("has not reached");
  });

  it("accepts delivery labels as outcomes and as counters of steps", () => {
    const sandboxed = step("email_1", "email", "sent", { message_id: "m", message_status: "not_sent" });
    const outcome = buildOutcome(run("ada", sandboxed), run("bob", { ...sandboxed, message_status: "delivered" }));
    const check = (rule: string) => parseExpectation(rule).check(outcome);
    for (const rule of ["sandboxed=1", "delivered=1", "bounced=0", "sent=2", "ada:email=sandboxed", "ada:email=sent"])
      expect(check(rule), rule).toBeNull();
    expect(check("bob:email=sandboxed")).toBe('"bob" email_1 is delivered');
    expect(check("ada:email=skipped")).toBe('"ada" email_1 is sandboxed');
  });

  it("rejects counters that the command does not report", () => {
    expect(catchThrown(() => parseExpectation("skipped=0", "messages"))).toMatchObject({
      code: "usage",
      message: expect.stringContaining("does not report"),
      hint: expect.stringContaining("sandboxed"),
    });
    expect(catchThrown(() => parseExpectation("no-failures", "cancellation")).hint).toContain("not_cancellable");
    expect(parseExpectation("not_cancellable=0", "cancellation").step).toBeNull();
    expect(parseExpectation("not_cancelable=0", "cancellation").step).toBeNull();
  });

  it("accepts the American spelling of canceled runs and steps", () => {
    const step = { ref: "delay_1", type: "delay", outcome: "cancelled" as const, reason: null };
    const recipients = [
      { recipient: "ada", recipient_run_id: "r", status: "cancelled" as const, steps: [step], via: undefined },
    ] as unknown as RecipientOutcome[];
    const outcome = { recipients, summary: { cancelled: 1 } };
    for (const rule of ["canceled=1", "cancelled=1", "ada:delay_1=canceled", "ada:delay_1=cancelled"])
      expect(parseExpectation(rule).check(outcome)).toBeNull();
    expect(parseExpectation("canceled=2").check(outcome)).toBe("canceled is 1");
  });

  it.each([
    ["", "is not a rule"],
    ["sent", "is not a rule"],
    ["sent>=", "is not a rule"],
    ["sent>=-1", "is not a rule"],
    ["sent=>1", "is not a rule"],
    ["ada:=sent", "is not a rule"],
    [":email=sent", "is not a rule"],
    ["snet>=1", "has an unknown counter"],
    ["ada:email=snet", "has an unknown outcome"],
  ])("rejects %j, which %s", (rule, words) => {
    const error = catchThrown(() => parseExpectation(rule));
    expect([error.code, error.message]).toEqual(["usage", expect.stringContaining(words)]);
    expect(error.hint).toBeTruthy();
  });

  it("suggests the nearest label", () => {
    expect(catchThrown(() => parseExpectation("skiped=0")).hint).toBe('Did you mean "skipped"?');
    expect(catchThrown(() => parseExpectation("ada:email=cancelld")).hint).toBe('Did you mean "cancelled"?');
  });

  it("throws only KnockErrors, and its rules never throw", () => {
    const piece = fc.constantFrom("sent", "ada", ":", "=", ">", "!", "0", "9", "/", "email", " ", "no-failures");
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 8 }).map((parts) => parts.join("")),
        ),
        (rule) => {
          try {
            parseExpectation(rule).check(OUTCOME);
          } catch (error) {
            if (!(error instanceof KnockError)) throw error;
          }
        },
      ),
      getPropertyRuns(5_000),
    );
  });
});
