import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Operator } from "../../../src/domain/condition/condition.js";
import {
  DELIVERY_STATUSES,
  type DeliveryStatus,
  ENGAGEMENT_STATUSES,
  type EngagementStatus,
} from "../../../src/domain/message/message.js";
import { evaluateConditions } from "../../../src/engine/condition/evaluate-conditions.js";
import { parseMessageVariable, type StepMessageState } from "../../../src/engine/message/evaluate-message-status.js";
import { getPropertyRuns } from "../../helpers/get-property-runs.js";

type Message = [status: DeliveryStatus, ...engagement: EngagementStatus[]];

const state = (...messages: Message[]): StepMessageState => ({
  messages: messages.map(([status, ...engagement]) => ({ status, engagement })),
});

function evaluate(
  attribute: string,
  operator: Operator,
  argument: string,
  step: StepMessageState | undefined,
): boolean {
  return evaluateConditions(
    { all: [{ variable: `refs.step_1.${attribute}`, operator, argument }] },
    { variables: {}, refs: (ref) => (ref === "step_1" ? step : undefined), now: 0 },
  ).passed;
}

type Row = [
  id: string,
  step: StepMessageState | undefined,
  attribute: string,
  operator: Operator,
  argument: string,
  expected: boolean,
];

const SKIPPED = undefined;

describe("message-status conditions", () => {
  it.each<Row>([
    ["C-091 E-123", state(["delivered"]), "engagement_status", "not_contains", "$message.seen", true],
    ["C-092", state(["delivered", "seen"]), "engagement_status", "not_contains", "$message.seen", false],
    ["C-093 E-126", SKIPPED, "engagement_status", "not_contains", "$message.seen", true],
    ["C-094 E-129", state(["queued"]), "delivery_status", "less_than", "$message.sent", true],
    ["C-095 E-126", SKIPPED, "delivery_status", "equal_to", "$message.skipped", true],
    ["C-095 without messages", state(), "delivery_status", "equal_to", "$message.skipped", true],
    ["C-096", state(["sent"]), "delivery_status", "equal_to", "$message.skipped", false],
    ["C-096 E-123", state(["sent"]), "delivery_status", "not_equal_to", "$message.skipped", true],
    ["C-097 E-125", state(["bounced"], ["sent"]), "delivery_status", "equal_to", "$message.bounced", false],
    ["C-098 E-125", state(["bounced"], ["bounced"]), "delivery_status", "equal_to", "$message.bounced", true],
    ["C-099 E-127", state(["delivered", "seen"]), "engagement_status", "contains", "$message.seen_not_read", true],
    [
      "C-099 E-127",
      state(["delivered", "seen", "read"]),
      "engagement_status",
      "contains",
      "$message.seen_not_read",
      false,
    ],
    ["C-100 E-130", state(["delivered"]), "status", "less_than", "$message.seen", true],
    ["C-100 E-124", state(["delivered", "archived"]), "status", "less_than", "$message.seen", false],
    [
      "C-101 E-122",
      state(["sent", "read", "link_clicked"]),
      "engagement_status",
      "not_contains",
      "$message.link_clicked",
      false,
    ],
    ["E-127", state(["sent", "read"]), "engagement_status", "contains", "$message.read_not_link_clicked", true],
    [
      "E-127",
      state(["sent", "read", "link_clicked"]),
      "engagement_status",
      "contains",
      "$message.read_not_link_clicked",
      false,
    ],
    ["C-167 E-202", state(["queued"]), "delivery_status", "less_than", "$message.sent", true],
    ["E-123", state(["delivered"]), "delivery_status", "greater_than_or_equal_to", "$message.sent", true],
    ["E-123", state(["delivered"]), "delivery_status", "equal_to", "$message.sent", false],
    ["E-123", state(["not_sent"]), "delivery_status", "greater_than_or_equal_to", "$message.sent", false],
    [
      "E-121 delivery status only",
      state(["sent", "read"]),
      "delivery_status",
      "greater_than_or_equal_to",
      "$message.delivered",
      false,
    ],
    [
      "E-125 engagement of the highest message",
      state(["sent"], ["sent", "read"]),
      "engagement_status",
      "contains",
      "$message.read",
      true,
    ],
    [
      "E-125 delivery of the highest message",
      state(["sent", "read"], ["delivered"]),
      "delivery_status",
      "equal_to",
      "$message.sent",
      true,
    ],
    ["EQ-19", SKIPPED, "delivery_status", "less_than", "$message.sent", true],
    ["EQ-19 below undelivered", SKIPPED, "delivery_status", "less_than", "$message.undelivered", true],
    ["EQ-19", SKIPPED, "delivery_status", "greater_than_or_equal_to", "$message.undelivered", false],
    ["EQ-19", state(["undelivered"]), "delivery_status", "greater_than", "$message.skipped", true],
    ["EQ-19", SKIPPED, "engagement_status", "contains", "$message.seen", false],
    ["EQ-20 with skipped", SKIPPED, "status", "equal_to", "$message.skipped", true],
    ["E-130", state(["delivered", "seen"]), "status", "greater_than_or_equal_to", "$message.sent", true],
    ["E-130 with an equality", state(["delivered", "seen"]), "status", "equal_to", "$message.seen", true],
    ["E-130 with an equality", state(["delivered", "seen"]), "status", "equal_to", "$message.delivered", false],
    [
      "E-124 with equal ranks",
      state(["delivered", "interacted"]),
      "status",
      "greater_than_or_equal_to",
      "$message.link_clicked",
      true,
    ],
    [
      "E-124 with equal ranks",
      state(["delivered", "interacted"]),
      "status",
      "greater_than",
      "$message.link_clicked",
      false,
    ],
    [
      "E-124 with equal ranks of different statuses",
      state(["delivered", "interacted"]),
      "status",
      "equal_to",
      "$message.link_clicked",
      false,
    ],
    ["E-127 in the old form", state(["delivered", "seen"]), "status", "equal_to", "$message.seen_not_read", true],
    [
      "EQ-69 for a status that was never reached",
      state(["sent"]),
      "status",
      "greater_than_or_equal_to",
      "$message.seen",
      false,
    ],
    ["EQ-69 for a status that was never reached", state(["sent"]), "status", "less_than", "$message.seen", true],
    ["E-124 with seen below read", state(["delivered", "seen"]), "status", "less_than", "$message.read", true],
    ["E-124 with read above seen", state(["delivered", "read"]), "status", "greater_than", "$message.seen", true],
    ["E-124 with read not below seen", state(["delivered", "read"]), "status", "less_than", "$message.seen", false],
    ["for a status without its prefix", state(["sent"]), "delivery_status", "equal_to", "sent", true],
    ["for an unknown status", state(["sent"]), "delivery_status", "less_than", "$message.opened", false],
    ["for list operators", SKIPPED, "engagement_status", "empty", "", true],
  ])("%s %j: %s %s %s evaluates to %s", (_id, step, attribute, operator, argument, expected) => {
    expect(evaluate(attribute, operator, argument, step)).toBe(expected);
  });

  it.each<[string, Operator, string]>([
    ["engagement_status", "not_contains", "$message.read"],
    ["engagement_status", "contains", "$message.read"],
    ["delivery_status", "equal_to", "$message.skipped"],
    ["delivery_status", "not_equal_to", "$message.skipped"],
    ["status", "less_than", "$message.seen"],
    ["status", "exists", ""],
  ])("C-102 E-128 an expired message makes %s %s %s false", (attribute, operator, argument) => {
    const expired: StepMessageState = { messages: [{ status: "sent", engagement: [], expired: true }] };
    expect(evaluate(attribute, operator, argument, expired)).toBe(false);
  });

  it("E-096 logs the status that it compared", () => {
    const { evaluated } = evaluateConditions(
      { all: [{ variable: "refs.a.engagement_status", operator: "contains", argument: "$message.seen" }] },
      { variables: {}, refs: () => state(["delivered", "seen"]), now: 0 },
    );
    expect(evaluated[0]).toMatchObject({ value: ["seen"], argument: "$message.seen", result: true });
  });

  it("E-093 compares with another step's status", () => {
    const states: Record<string, StepMessageState> = { a: state(["sent"]), b: state(["sent"]) };
    const { passed } = evaluateConditions(
      { all: [{ variable: "refs.a.delivery_status", operator: "equal_to", argument: "refs.b.delivery_status" }] },
      { variables: {}, refs: (ref) => states[ref], now: 0 },
    );
    expect(passed).toBe(true);
  });

  it("E-132 resolves values that a wait step put under refs as ordinary variables", () => {
    const { passed } = evaluateConditions(
      {
        all: [
          { variable: "refs.wait_1.matched", operator: "equal_to", argument: "true" },
          { variable: "refs.wait_1.signal_variables.data.status", operator: "equal_to", argument: "paid" },
        ],
      },
      {
        variables: { refs: { wait_1: { matched: true, signal_variables: { data: { status: "paid" } } } } },
        refs: () => undefined,
        now: 0,
      },
    );
    expect(passed).toBe(true);
  });
});

describe("parseMessageVariable", () => {
  it.each([
    ["refs.email_1.delivery_status", { ref: "email_1", attribute: "delivery_status" }],
    ["refs.my.ref.status", { ref: "my.ref", attribute: "status" }],
    ["refs.wait_1.signal_variables.status", undefined],
    ["refs.email_1", undefined],
    ["data.refs.x.status", undefined],
  ])("parses %s", (variable, expected) => {
    expect(parseMessageVariable(variable)).toEqual(expected);
  });
});

describe("properties of message statuses", () => {
  const message = fc.tuple(fc.constantFrom(...DELIVERY_STATUSES), fc.subarray([...ENGAGEMENT_STATUSES]));
  const step = fc
    .array(message, { maxLength: 3 })
    .map((messages) => state(...messages.map(([s, e]): Message => [s, ...e])));
  const wanted = fc
    .constantFrom("skipped", ...DELIVERY_STATUSES, ...ENGAGEMENT_STATUSES)
    .map((name) => `$message.${name}`);
  const attribute = fc.constantFrom("delivery_status", "status");

  it("E-124 every known status is below, equal to or above every other one", () => {
    fc.assert(
      fc.property(attribute, wanted, step, (name, argument, messages) => {
        const is = (operator: Operator) => evaluate(name, operator, argument, messages);
        expect(is("less_than")).not.toBe(is("greater_than_or_equal_to"));
        expect(is("greater_than")).not.toBe(is("less_than_or_equal_to"));
        expect(is("equal_to")).not.toBe(is("not_equal_to"));
        if (is("equal_to")) expect(is("less_than_or_equal_to") && is("greater_than_or_equal_to")).toBe(true);
      }),
      getPropertyRuns(5_000),
    );
  });

  it("E-125 another message never lowers the combined status", () => {
    fc.assert(
      fc.property(wanted, step, message, (argument, messages, [status, engagement]) => {
        fc.pre(evaluate("status", "greater_than_or_equal_to", argument, messages));
        const more = { messages: [...messages.messages, { status, engagement }] };
        expect(evaluate("status", "greater_than_or_equal_to", argument, more)).toBe(true);
      }),
    );
  });
});
