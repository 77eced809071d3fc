import { describe, expect, it } from "vitest";
import { parseWorkflow } from "../../../src/domain/workflow/parse-workflow.js";
import type { Json, JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const sms = (more: JsonObject): JsonObject => ({
  ref: "sms_1",
  type: "channel",
  channel_type: "sms",
  channel_key: "text",
  template: { text_body: "Hi" },
  ...more,
});

const parse = (raw: Json) => parseWorkflow("parcel", raw);
const stepFaults = (step: Json): string[] =>
  formatDetails(catchThrown(() => parse({ steps: [step] }))).map((fault) => fault.replace("/steps/0", ""));

describe("conditions (F-028 to F-032, F-053)", () => {
  const condition = { variable: "data.a", operator: "equal_to", argument: "1" };

  it.each<[string, Json]>([
    ["F-028 all", { all: [condition, condition] }],
    ["F-029 any, groups mixed in", { any: [condition, { all: [condition] }] }],
    ["F-030 any inside all", { all: [{ any: [condition] }] }],
    ["F-031 an empty all", { all: [] }],
    ["F-031 an empty any", { any: [] }],
    [
      "a status of a step",
      { all: [{ variable: "refs.sms_1.delivery_status", operator: "equal_to", argument: "$message.sent" }] },
    ],
    ["no argument for an operator without one", { all: [{ variable: "data.a", operator: "exists" }] }],
    ["a list for an argument", { all: [{ ...condition, operator: "contains_all", argument: ["a"] }] }],
    ["a relative time", { all: [{ variable: "data.a", operator: "is_timestamp_before", argument: "7_days_ago" }] }],
    ["a time from the data", { all: [{ variable: "data.a", operator: "is_timestamp_before", argument: "data.b" }] }],
    ["two bounds as text", { all: [{ variable: "data.a", operator: "is_between", argument: "[1,5]" }] }],
    ["the old status", { all: [{ variable: "refs.sms_1.status", operator: "less_than", argument: "$message.seen" }] }],
  ])("keeps %s as written", (_rule, conditions) => {
    expect(parse({ steps: [sms({ conditions })] }).steps[0]?.conditions).toEqual(conditions);
  });

  it.each<[Json]>([[null], [{}]])("F-031 returns null for %j", (conditions) => {
    expect(parse({ steps: [sms({ conditions })] }).steps[0]?.conditions).toBeNull();
  });

  it.each<[string, Json, string[]]>([
    ["F-031 both all and any", { all: [], any: [] }, ['/conditions must have "all" or "any", not both']],
    ["F-032 a list", [condition], ['/conditions must be an object with "all" or "any"']],
    [
      "a group of another name",
      { and: [condition] },
      ['/conditions must have "all" or "any" with a list of conditions'],
    ],
    ["all without a list", { all: condition }, ['/conditions must have "all" or "any" with a list of conditions']],
    ["text among the conditions", { all: ["x"] }, ["/conditions/all/0 must be a condition or a group"]],
    [
      "an operator with a typing mistake",
      { all: [{ ...condition, operator: "equals_to" }] },
      ['/conditions/all/0/operator is not a known operator: "equals_to"; did you mean "equal_to"?'],
    ],
    [
      "an operator of another language",
      { all: [{ ...condition, operator: "does_not_contain" }] },
      ['/conditions/all/0/operator is not a known operator: "does_not_contain"; did you mean "not_contains"?'],
    ],
    [
      "an operator that resembles none",
      { all: [{ ...condition, operator: "xyz" }] },
      [
        expect.stringMatching(
          /is not a known operator: "xyz"; the operators are equal_to, .*, is_not_audience_member$/,
        ),
      ],
    ],
    ["no operator", { any: [{ variable: "data.a" }] }, ['/conditions/any/0/operator is required, such as "equal_to"']],
    ["no variable", { all: [{ operator: "exists" }] }, ["/conditions/all/0/variable must be a path such as data.name"]],
    [
      "an invalid prefix",
      { all: [{ ...condition, variable: "user.name" }] },
      [expect.stringMatching(/^\/conditions\/all\/0\/variable must start with one of data, .*: "user.name"$/)],
    ],
    [
      "an unknown step",
      { all: [{ ...condition, variable: "refs.nope.delivery_status" }] },
      ['/conditions/all/0/variable names a step that does not exist: "nope"'],
    ],
    [
      "an error two groups deep",
      { all: [{ any: [{ all: [{}] }] }] },
      expect.arrayContaining(["/conditions/all/0/any/0/all/0/variable must be a path such as data.name"]),
    ],
  ])("rejects %s", (_rule, conditions, expected) => {
    expect(stepFaults(sms({ conditions }))).toEqual(expected);
  });
});

describe("arguments that are never met", () => {
  const status = "refs.sms_1.delivery_status";
  it.each<[rule: string, variable: string, operator: string, argument: Json, fault: string]>([
    [
      "E-122",
      status,
      "equal_to",
      "$message.delivred",
      'argument is not a known delivery_status: "$message.delivred"; did you mean "$message.delivered"?',
    ],
    [
      "E-122",
      "refs.sms_1.engagement_status",
      "contains",
      "$message.sent",
      'argument is not a known engagement_status: "$message.sent"',
    ],
    [
      "E-122",
      "refs.sms_1.engagement_status",
      "not_contains",
      "raed",
      'argument is not a known engagement_status: "raed"; did you mean "read"?',
    ],
    [
      "E-121",
      "data.a",
      "equal_to",
      "$message.sent",
      "argument is a message status, which can only be compared with refs.<step>.delivery_status, engagement_status or status",
    ],
    [
      "E-121",
      "refs.sms_1.delivery",
      "equal_to",
      "sent",
      'variable must end with one of delivery_status, engagement_status, status, matched, signal_variables of a step: "refs.sms_1.delivery"',
    ],
    ["F-053", "data.a", "equal_to", "refs.gone.matched", 'argument names a step that does not exist: "gone"'],
    ["E-117", "data.a", "is_between", "5", "argument must be a list of two values, the minimum and the maximum"],
    [
      "E-113",
      "data.a",
      "is_timestamp_between",
      ["2025-01-01", "soon"],
      "argument must be a list of two ISO 8601 times",
    ],
    [
      "E-119",
      "data.a",
      "is_timestamp_before",
      "5_minutes_ago",
      "argument must be an ISO 8601 time, or a relative time of at least 15 minutes such as 7_days_ago or 3_days_from_now",
    ],
  ])("reject %s: %s %s %j", (_rule, variable, operator, argument, fault) => {
    expect(stepFaults(sms({ conditions: { all: [{ variable, operator, argument }] } }))).toContain(
      `/conditions/all/0/${fault}`,
    );
  });
});
