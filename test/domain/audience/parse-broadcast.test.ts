import { describe, expect, it } from "vitest";
import { broadcastSchema } from "../../../src/domain/audience/broadcast-schema.js";
import { parseBroadcast } from "../../../src/domain/audience/parse-broadcast.js";
import { describeInvalidId } from "../../../src/domain/recipient/describe-invalid-id.js";
import { findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import { parseUsersCsv, toBroadcastRecipients } from "../../../src/input/parse-users-csv.js";
import type { JsonObject } from "../../../src/util/json.js";
import { catchThrown, formatDetails } from "../../helpers/catch-error.js";

const FEED = {
  ref: "feed_1",
  type: "channel",
  channel_type: "in_app_feed",
  channel_key: "feed",
  template: { markdown_body: "Hi" },
};
const parse = (raw: unknown) => parseBroadcast("news", raw, "broadcasts/news/broadcast.json");
const batch = { ref: "batch_1", type: "batch", settings: { batch_window: { unit: "hours", value: 1 } } };

describe("broadcast.json (section 17)", () => {
  it("E-401 is commercial by default, and may contain fields that only the server writes", () => {
    const raw = { $schema: "x", __readonly: {}, name: "News", status: "draft", sent_at: null, steps: [FEED] };
    expect(parse(raw)).toMatchObject({
      key: "news",
      target_audience_key: null,
      scheduled_at: null,
      definition: { key: "news", settings: { is_commercial: true, override_preferences: false } },
    });
    expect(parse({ ...raw, settings: { is_commercial: false } }).definition.settings.is_commercial).toBe(false);
  });

  it.each<[string, JsonObject, string]>([
    [
      "E-396 a step that collects triggers",
      { steps: [FEED, batch] },
      "/steps/1/type is not a step type of broadcasts: batch",
    ],
    [
      "E-396 such a step in a branch",
      {
        steps: [
          {
            ref: "b",
            type: "branch",
            branches: [
              { conditions: { all: [{ variable: "data.a", operator: "exists" }] }, steps: [batch] },
              { default: true, steps: [] },
            ],
          },
        ],
      },
      "/steps/0/branches/0/steps/0/type is not a step type of broadcasts: batch",
    ],
    [
      "a trigger",
      { steps: [FEED], trigger: { type: "audience", audience_key: "a" } },
      "/trigger is only supported in workflows",
    ],
    [
      "an unknown key",
      { steps: [FEED], target_audience: "a" },
      '/target_audience unknown key "target_audience"; did you mean "target_audience_key"?',
    ],
    ["an invalid time", { steps: [FEED], scheduled_at: "soon" }, "/scheduled_at must be a time"],
    ["invalid steps", { steps: [{ ...FEED, template: {} }] }, "/steps/0/template/markdown_body is required"],
  ])("rejects %s", (_what, raw, fault) => {
    const error = catchThrown(() => parse(raw));
    expect(formatDetails(error)[0]).toContain(fault);
    expect([error.code, error.hint]).toEqual(["workflow_invalid", "Fix broadcasts/news/broadcast.json."]);
    expect(error.message).toMatch(/^broadcast "news": /);
  });

  it("reports all errors at once, each once, including those of its steps", () => {
    const raw = {
      name: 7,
      trigger: {},
      nmae: "x",
      status: "sendt",
      target_audience_key: "",
      settings: { is_commercial: "yes" },
      steps: [{ ...FEED, template: {} }, FEED],
    };
    expect(formatDetails(catchThrown(() => parse(raw)))).toEqual([
      "/trigger is only supported in workflows",
      '/nmae unknown key "nmae"; did you mean "name"?',
      "/name must be a string, found a number",
      "/settings/is_commercial must be true or false, found a string",
      "/steps/0/template/markdown_body is required (a string)",
      "/target_audience_key must not be empty",
      '/status must be "draft", "scheduled" or "sent", found "sendt"; did you mean "sent"?',
      '/steps/1/ref "feed_1" is already the ref of another step',
    ]);
  });

  it("F-026 ignores unknown keys of steps", () => {
    const raw = { steps: [{ ...FEED, colour: "red" }] };
    expect(parse(raw).definition.steps).toHaveLength(1);
    expect(findUnknownKeys(broadcastSchema(), raw)).toEqual([
      {
        path: ["steps", 0, "colour"],
        message:
          'unknown key "colour"; valid keys are type, ref, name, description, conditions, channel_type, channel_key, channel_group_key, guide_key, template, channel_overrides, send_windows',
      },
    ]);
  });
});

const parseRecipientsCsv = async (text: string, name: string) =>
  toBroadcastRecipients((await parseUsersCsv(text, name, describeInvalidId)).users);

describe("recipients as CSV (E-398)", () => {
  it("are text for any content, with quotes, commas and line breaks within quotes", async () => {
    const text = '\uFEFFid,tenant,seats,note\r\nada,acme,4,"a ""b"", c"\r\ngrace,,007,"two\nlines"\n\n';
    expect(await parseRecipientsCsv(text, "people.csv")).toEqual([
      { id: "ada", tenant: "acme", data: { seats: "4", note: 'a "b", c' } },
      { id: "grace", data: { seats: "007", note: "two\nlines" } },
    ]);
    expect(await parseRecipientsCsv("user_id\nada", "x")).toEqual([{ id: "ada" }]);
    expect(await parseRecipientsCsv("id,tenant_id\nada,acme\ngrace,", "x")).toEqual([
      { id: "ada", tenant: "acme" },
      { id: "grace" },
    ]);
  });

  it("skip lines without a valid ID, with their numbers", async () => {
    const { users, skipped } = await parseUsersCsv("id,n\n,1\nada,2\na/b,3\ngrace,4\n", "x", describeInvalidId);
    expect(users.map(({ id }) => id)).toEqual(["ada", "grace"]);
    expect(skipped).toEqual([
      { line: 2, reason: "it has no ID" },
      { line: 4, reason: 'the ID "a/b" must not contain "/" or "#"' },
    ]);
  });

  it.each([
    ["name\nada", 'people.csv: no column is named "id"'],
    ["", 'people.csv: no column is named "id"'],
    ["id,n\nada,1\ngrace", "people.csv:3: has 1 fields, the first line 2"],
    ['id\n"ada', "people.csv:2: the row has a quote that is not closed"],
    ['id\na"da', "people.csv:2: the row has a quote inside a field"],
  ])("reject %j with its location", async (text, message) => {
    await expect(parseRecipientsCsv(text, "people.csv")).rejects.toThrow(message);
  });
});
