import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildDuration, collectFindings, parseStep } from "../../helpers/parse-step.js";

type Fault = [title: string, type: string, settings: JsonObject, fault: string];

function refuses(table: Fault[]): void {
  it.each(table)("parseStep rejects %s", (_title, type, settings, fault) => {
    expect(collectFindings(() => parseStep(type, settings))).toEqual([fault]);
  });
}

const message = (key = "read") => ({
  event_type: "message",
  source_type: "workflow",
  source_key: "ferry",
  event_key: key,
});
const group = (...conditions: JsonObject[]) => ({ operator: "and", conditions });
const seen = { variable: "event.step_ref", operator: "equal_to", argument: "one" };
const recipientEvent = { event_type: "recipient" };
const agent = { model: "anthropic:haiku", request_prompt: "Sum up", response_type: "text" };
const properties = { update_properties: '{"plan": "pro"}' };

const range = "/settings/batch_items_max_limit must be a whole number from 2 to 1000, found";
const batch = (more: JsonObject): JsonObject => ({ batch_window: buildDuration(5), ...more });

describe("batch errors (F-046)", () => {
  refuses([
    ["F-046 no window", "batch", {}, "/settings must have batch_window or batch_until_field_path"],
    [
      "F-046 negative",
      "batch",
      { batch_window: buildDuration(-1) },
      "/settings/batch_window/value must not be negative",
    ],
    [
      "absurd",
      "batch",
      { batch_window: buildDuration(1e4, "days") },
      "/settings/batch_window must be at most 365 days",
    ],
    [
      "endless",
      "batch",
      { batch_window: buildDuration(1e308, "weeks") },
      "/settings/batch_window must be at most 365 days",
    ],
    [
      "E-259 sliding without a limit",
      "batch",
      batch({ batch_window_type: "sliding" }),
      "/settings/batch_window_extension_limit is required for a sliding window",
    ],
    [
      "E-259 a negative extension limit",
      "batch",
      batch({ batch_window_extension_limit: buildDuration(-1) }),
      "/settings/batch_window_extension_limit/value must not be negative",
    ],
    [
      "an absurd extension limit",
      "batch",
      batch({ batch_window_extension_limit: buildDuration(1e4, "days") }),
      "/settings/batch_window_extension_limit must be at most 365 days",
    ],
    ["E-260 one item", "batch", batch({ batch_items_max_limit: 1 }), `${range} 1`],
    ["E-260 1001 items", "batch", batch({ batch_items_max_limit: 1001 }), `${range} 1001`],
    ["E-260 half an item", "batch", batch({ batch_items_max_limit: 2.5 }), `${range} 2.5`],
    [
      "E-272 none rendered",
      "batch",
      batch({ batch_items_render_limit: 0 }),
      "/settings/batch_items_render_limit must be a whole number from 1 to 100, found 0",
    ],
    [
      "E-272 101 rendered",
      "batch",
      batch({ batch_items_render_limit: 101 }),
      "/settings/batch_items_render_limit must be a whole number from 1 to 100, found 101",
    ],
    ["key", "batch", batch({ batch_key: 5 }), "/settings/batch_key must be a string, found a number"],
    ["order", "batch", batch({ batch_order: "up" }), '/settings/batch_order must be "asc" or "desc", found "up"'],
    [
      "mode",
      "batch",
      batch({ batch_execution_mode: "x" }),
      '/settings/batch_execution_mode must be "accumulate" or "flush_leading", found "x"',
    ],
    [
      "version mode",
      "batch",
      batch({ workflow_version_mode: "pin" }),
      '/settings/workflow_version_mode must be "latest" or "pinned", found "pin"',
    ],
    [
      "window type",
      "batch",
      batch({ batch_window_type: 1 }),
      '/settings/batch_window_type must be "fixed" or "sliding", found 1',
    ],
  ]);
  it("section 6.3 include an unknown unit", () => {
    const [fault] = collectFindings(() => parseStep("batch", { batch_window: buildDuration(1, "years") }));
    expect(fault).toMatch(/^\/settings\/batch_window\/unit must be "seconds"/);
  });
});

describe("delay and throttle errors (F-047, F-048)", () => {
  refuses([
    ["F-047 no delay", "delay", {}, "/settings must have delay_for or delay_until_field_path"],
    [
      "F-047 366 days",
      "delay",
      { delay_for: buildDuration(366, "days") },
      "/settings/delay_for must be at most 365 days",
    ],
    ["F-048 no window", "throttle", {}, "/settings must have throttle_window or throttle_window_field_path"],
    [
      "F-048 32 days",
      "throttle",
      { throttle_window: buildDuration(32, "days") },
      "/settings/throttle_window must be at most 31 days",
    ],
    [
      "F-048 negative",
      "throttle",
      { throttle_window: buildDuration(-1) },
      "/settings/throttle_window/value must not be negative",
    ],
    [
      "F-048 limit 0",
      "throttle",
      { throttle_window: buildDuration(1), throttle_limit: 0 },
      "/settings/throttle_limit must be a whole number of at least 1, found 0",
    ],
    [
      "throttle_key",
      "throttle",
      { throttle_window: buildDuration(1), throttle_key: {} },
      "/settings/throttle_key must be a string, found an object",
    ],
  ]);
});

const buildFetchStep = (more: JsonObject): JsonObject => ({ method: "get", url: "https://a.test", ...more });
const methods = '"get", "post", "put", "delete" or "patch"';

describe("fetch and trigger errors (section 9.4, 9.7)", () => {
  refuses([
    ["no method", "http_fetch", { url: "https://a.test" }, `/settings/method is required: ${methods}`],
    ["no url", "http_fetch", { method: "get" }, "/settings/url is required (a string)"],
    ["empty url", "http_fetch", buildFetchStep({ url: "" }), "/settings/url must not be empty"],
    [
      "unknown method",
      "http_fetch",
      buildFetchStep({ method: "HEAD" }),
      `/settings/method must be ${methods}, found "HEAD"`,
    ],
    [
      "section 6.6 headers",
      "http_fetch",
      buildFetchStep({ headers: { a: "b" } }),
      "/settings/headers must be a list of key and value, or a template, found an object",
    ],
    [
      "response_path",
      "http_fetch",
      buildFetchStep({ response_path: "a..b" }),
      "/settings/response_path must be a dotted path such as order.lines",
    ],
    ["body", "http_fetch", buildFetchStep({ body: {} }), "/settings/body must be a string, found an object"],
    ["inputs", "http_fetch", buildFetchStep({ inputs: [] }), "/settings/inputs must be an object, found a list"],
    ["no workflow_key", "trigger_workflow", {}, "/settings/workflow_key is required (a string)"],
    ["empty workflow_key", "trigger_workflow", { workflow_key: "" }, "/settings/workflow_key must not be empty"],
    ["data", "trigger_workflow", { workflow_key: "a", data: {} }, "/settings/data must be a string, found an object"],
  ]);
});

const asText = "must be a JSON object as text, or a Liquid template that renders one";
const reference = (recipient_gid?: string): JsonObject => ({
  recipient_mode: "reference",
  ...properties,
  ...(recipient_gid === undefined ? {} : { recipient_gid }),
});

describe("update errors (F-051)", () => {
  const user = "/settings/recipient_gid must be gid://Object/$users/<id>";
  const object = "/settings/recipient_gid must be gid://Object/<collection>/<id>";
  const to = (recipient_gid: string): JsonObject => ({ recipient_gid, ...properties });
  refuses([
    ["no JSON", "update_data", { data: "hello" }, `/settings/data ${asText}`],
    ["a JSON list", "update_data", { data: "[1]" }, `/settings/data ${asText}`],
    ["JSON text, Liquid in it", "update_data", { data: '"{{ data.a }}"' }, `/settings/data ${asText}`],
    ["an object, not text", "update_data", { data: {} }, "/settings/data must be a string, found an object"],
    ["no settings", "update_data", null as never, "/settings must be an object, found null"],
    [
      "update_properties",
      "update_object",
      { recipient_gid: "gid://Object/a/b", update_properties: "{a}" },
      `/settings/update_properties ${asText}`,
    ],
    ["mode", "update_user", properties, '/settings/recipient_mode is required: "current" or "reference"'],
    ["no gid", "update_user", reference(), "/settings/recipient_gid is required (a string)"],
    ["another form", "update_user", reference("gid://User/ana"), user],
    ["no id", "update_user", reference("gid://Object/$users/"), user],
    ["a slash", "update_user", reference("gid://Object/$users/a/b"), user],
    ["a tenant", "update_user", reference("gid://Object/$tenants/acme"), user],
    ["a user", "update_tenant", reference("gid://Object/$users/ana"), user.replace("$users", "$tenants")],
    ["no gid", "update_object", properties, "/settings/recipient_gid is required (a string)"],
    ["no collection", "update_object", to("gid://Object/p1"), object],
    ["no id", "update_object", to("gid://Object/projects/"), object],
    ["three parts", "update_object", to("gid://Object/a/b/c"), object],
    ["E-330 a user is no object", "update_object", to("gid://Object/$users/{{ data.id }}"), object],
    [
      "action",
      "update_audience",
      { audience_key: "a", action: "set" },
      '/settings/action must be "add" or "remove", found "set"',
    ],
    ["no audience", "update_audience", { action: "add" }, "/settings/audience_key is required (a string)"],
  ]);
});

describe("wait errors (F-049)", () => {
  const wait = (more: JsonObject): JsonObject => ({ event: recipientEvent, ...more });
  const shape = 'such as { "operator": "and", "conditions": [] }';
  refuses([
    ["no event", "wait_for_event", {}, "/settings/event is required (an object with event_type)"],
    [
      "F-049 message without conditions",
      "wait_for_event",
      { event: message() },
      "/settings/match_conditions is required for message events (at least one)",
    ],
    [
      "F-049 workflow without conditions",
      "wait_for_event",
      { event: { event_type: "workflow", source_key: "a", event_key: "started" }, match_conditions: [] },
      "/settings/match_conditions is required for workflow events (at least one)",
    ],
    [
      "an event that is none",
      "wait_for_event",
      { event: { ...message("bounce") }, match_conditions: [group(seen)] },
      `/settings/event/event_key must be ${"created queued sent not_sent delivered delivery_attempted undelivered bounced read unread seen unseen archived unarchived interacted link_clicked"
        .split(" ")
        .map((key) => `"${key}"`)
        .join(", ")
        .replace(/, ([^ ]+)$/, " or $1")}, found "bounce"; did you mean "bounced"?`,
    ],
    [
      "E-338 31 days",
      "wait_for_event",
      wait({ expires_after: buildDuration(31, "days") }),
      "/settings/expires_after must be at most 30 days",
    ],
    [
      "no time",
      "wait_for_event",
      wait({ expires_after: buildDuration(0) }),
      "/settings/expires_after/value must be greater than 0",
    ],
    [
      "negative",
      "wait_for_event",
      wait({ expires_after: buildDuration(-1) }),
      "/settings/expires_after/value must not be negative",
    ],
    [
      "on_match",
      "wait_for_event",
      wait({ on_match: "stop" }),
      '/settings/on_match must be "continue" or "halt", found "stop"',
    ],
    [
      "on_timeout",
      "wait_for_event",
      wait({ on_timeout: 1 }),
      '/settings/on_timeout must be "continue" or "halt", found 1',
    ],
    [
      "F-033 a group of steps",
      "wait_for_event",
      wait({ match_conditions: { all: [seen] } }),
      `/settings/match_conditions must be a list of groups ${shape}`,
    ],
    [
      "F-033 no group",
      "wait_for_event",
      wait({ match_conditions: ["x"] }),
      `/settings/match_conditions/0 must be a group ${shape}`,
    ],
    [
      "F-033 or",
      "wait_for_event",
      wait({ match_conditions: [{ operator: "or", conditions: [seen] }] }),
      '/settings/match_conditions/0/operator must be "and", found "or"',
    ],
    [
      "F-033 empty",
      "wait_for_event",
      wait({ match_conditions: [group()] }),
      "/settings/match_conditions/0/conditions needs at least one condition",
    ],
    [
      "F-033 no list",
      "wait_for_event",
      wait({ match_conditions: [{ operator: "and" }] }),
      "/settings/match_conditions/0/conditions must be a list of conditions",
    ],
    [
      "F-053 an unknown step",
      "wait_for_event",
      wait({ match_conditions: [group({ ...seen, variable: "refs.two.delivery_status" })] }),
      '/settings/match_conditions/0/conditions/0/variable names a step that does not exist: "two"',
    ],
    [
      "source key",
      "wait_for_event",
      { event: { event_type: "integration_source", event_key: "paid" } },
      "/settings/event/integration_source_key is required (a string)",
    ],
    [
      "audience event",
      "wait_for_event",
      { event: { event_type: "audience", audience_key: "a", event_key: "join" } },
      '/settings/event/event_key must be "enter" or "exit", found "join"',
    ],
  ]);
});

describe("agent errors (F-050)", () => {
  const json = { ...agent, response_type: "json" };
  refuses([
    ["model", "ai_agent", { ...agent, model: "haiku" }, '/settings/model must be provider:model, found "haiku"'],
    ["prompt", "ai_agent", { ...agent, request_prompt: "" }, "/settings/request_prompt must not be empty"],
    [
      "type",
      "ai_agent",
      { ...agent, response_type: "xml" },
      '/settings/response_type must be "text" or "json", found "xml"',
    ],
    ["F-050 E-352 no schema", "ai_agent", json, '/settings/response_schema is required for a response of type "json"'],
    [
      "F-050 schema with text",
      "ai_agent",
      { ...agent, response_schema: "{}" },
      '/settings/response_schema is only for a response of type "json"',
    ],
    [
      "F-050 no JSON",
      "ai_agent",
      { ...json, response_schema: "{" },
      "/settings/response_schema must be a JSON Schema (an object) as text",
    ],
    [
      "F-050 no object",
      "ai_agent",
      { ...json, response_schema: "[]" },
      "/settings/response_schema must be a JSON Schema (an object) as text",
    ],
    [
      "F-050 an unsupported schema",
      "ai_agent",
      { ...json, response_schema: '{"properties":{"a":{"$ref":"https://example.com/a.json"}}}' },
      '/settings/response_schema properties.a.$ref refers to another document, "https://example.com/a.json"; only references within the schema are supported',
    ],
    [
      "F-050 too deep",
      "ai_agent",
      { ...json, response_schema: `{"a":${"[".repeat(9999)}${"]".repeat(9999)}}` },
      "/settings/response_schema must be a JSON Schema (an object) as text",
    ],
    [
      "halt_on_error",
      "ai_agent",
      { ...agent, halt_on_error: "no" },
      "/settings/halt_on_error must be true or false, found a string",
    ],
    [
      "web search",
      "ai_agent",
      { ...agent, web_search_enabled: 1 },
      "/settings/web_search_enabled must be true or false, found a number",
    ],
  ]);
});
