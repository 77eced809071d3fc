import { describe, expect, it } from "vitest";
import type { JsonObject } from "../../../src/util/json.js";
import { buildDuration, collectFindings, parseStep } from "../../helpers/parse-step.js";

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

describe("defaults and full settings", () => {
  const full: [string, string, JsonObject, JsonObject][] = [
    [
      "F-046 a batch",
      "batch",
      { batch_window: buildDuration(5), batch_key: "", batch_until_field_path: null },
      {
        batch_key: null,
        batch_window: buildDuration(5),
        batch_until_field_path: null,
        batch_window_type: "fixed",
        batch_window_extension_limit: null,
        batch_items_max_limit: null,
        batch_items_render_limit: 10,
        batch_order: "asc",
        batch_execution_mode: "accumulate",
        workflow_version_mode: "pinned",
      },
    ],
    [
      "E-284 a throttle lets one pass",
      "throttle",
      { throttle_window: buildDuration(1, "hour") },
      {
        throttle_key: null,
        throttle_limit: 1,
        throttle_window: buildDuration(1, "hour"),
        throttle_window_field_path: null,
      },
    ],
    [
      "section 9.4 a fetch, its method in any case",
      "http_fetch",
      { method: "GeT", url: "https://a.test/{{ data.x }}" },
      {
        method: "get",
        url: "https://a.test/{{ data.x }}",
        headers: [],
        query_params: [],
        body: null,
        response_path: null,
        signing_key: null,
        reusable_step_key: null,
        inputs: {},
      },
    ],
    [
      "E-316 a workflow triggered with the parent's own",
      "trigger_workflow",
      { workflow_key: "survey", data: null },
      {
        workflow_key: "survey",
        recipients: "{{ recipient.id }}",
        actor: "{{ actor.id }}",
        tenant: "{{ tenant.id }}",
        data: "{{ data | json }}",
        cancellation_key: "{{ workflow.cancellation_key }}",
      },
    ],
    [
      "E-337 a wait: fifteen minutes, on_match continue, on_timeout halt",
      "wait_for_event",
      { event: recipientEvent },
      {
        event: { event_type: "recipient", event_key: "updated" },
        match_conditions: [],
        expires_after: buildDuration(15),
        on_match: "continue",
        on_timeout: "halt",
      },
    ],
    [
      "EQ-58 an agent halts on error",
      "ai_agent",
      agent,
      { ...agent, response_schema: null, web_search_enabled: false, halt_on_error: true },
    ],
    [
      "section 9.9 the current recipient needs no gid",
      "update_user",
      { recipient_mode: "current", recipient_gid: "nonsense", ...properties },
      { recipient_mode: "current", recipient_gid: null, ...properties },
    ],
  ];
  it.each(full)("apply to %s", (_title, type, settings, expected) => {
    expect(parseStep(type, settings)).toEqual({ ref: "one", name: null, conditions: null, type, settings: expected });
  });

  const kept: [string, string, JsonObject][] = [
    [
      "section 9.1 batch",
      "batch",
      {
        batch_key: "{{ data.kind }}-{{ actor.id }}",
        batch_window: buildDuration(-10),
        batch_until_field_path: "data.until",
        batch_window_type: "sliding",
        batch_window_extension_limit: buildDuration(1, "hours"),
        batch_items_max_limit: 1000,
        batch_items_render_limit: 100,
        batch_order: "desc",
        batch_execution_mode: "flush_leading",
        workflow_version_mode: "latest",
      },
    ],
    [
      "section 9.3 throttle",
      "throttle",
      {
        throttle_key: "page",
        throttle_limit: 7,
        throttle_window: buildDuration(-1),
        throttle_window_field_path: "data.reset",
      },
    ],
    [
      "section 9.4 http_fetch",
      "http_fetch",
      {
        method: "post",
        url: "https://a.test",
        headers: [{ key: "a", value: "{{ data.a }}" }],
        query_params: "{{ data.query | json }}",
        body: "{}",
        response_path: "order.lines",
        signing_key: "{{ vars.key }}",
        reusable_step_key: null,
        inputs: {},
      },
    ],
    [
      "EQ-50 trigger_workflow: empty text is kept",
      "trigger_workflow",
      { workflow_key: "{{ data.key }}", recipients: "a", actor: "", tenant: "", data: "{}", cancellation_key: "" },
    ],
    ["section 9.8 update_data", "update_data", { data: '{"a": "{{ data.b }}"}' }],
    ["section 9.8 update_data, a template of an object", "update_data", { data: "{{ data.c | json }}" }],
    [
      "section 9.9 update_user",
      "update_user",
      { recipient_mode: "reference", recipient_gid: "gid://Object/$users/{{ data.owner.id }}", ...properties },
    ],
    [
      "section 9.9 update_tenant",
      "update_tenant",
      { recipient_mode: "reference", recipient_gid: "gid://Object/$tenants/acme", ...properties },
    ],
    ["section 9.10 update_object", "update_object", { recipient_gid: "gid://Object/routes/r 1", ...properties }],
    [
      "section 9.10 update_object with Liquid",
      "update_object",
      { recipient_gid: "gid://Object/{{ data.kind }}/{{ data.id }}", ...properties },
    ],
    ["section 9.11 update_audience", "update_audience", { action: "remove", audience_key: "beta" }],
    [
      "section 9.12 a message event",
      "wait_for_event",
      {
        event: message("link_clicked"),
        match_conditions: [group(seen)],
        expires_after: buildDuration(30, "days"),
        on_match: "halt",
        on_timeout: "continue",
      },
    ],
    [
      "section 9.13 ai_agent, web search on",
      "ai_agent",
      { ...agent, response_schema: null, web_search_enabled: true, halt_on_error: false },
    ],
  ];
  it.each(kept)("keep the values of the file for %s", (_title, type, settings) => {
    expect(parseStep(type, settings)).toMatchObject({ type, settings });
  });

  it.each([
    [{ event_type: "integration_source", integration_source_key: "shop", event_key: "paid" }],
    [{ event_type: "audience", audience_key: "beta", event_key: "exit" }],
    [{ event_type: "recipient", event_key: "updated" }],
  ])("section 9.12 require no match conditions for %o", (event) => {
    expect(parseStep("wait_for_event", { event })).toMatchObject({ settings: { event, match_conditions: [] } });
  });

  it("section 9.4 accept json_body as an alias of body", () => {
    const settings = { method: "put", url: "https://a.test", json_body: '{"a":1}' };
    expect(parseStep("http_fetch", settings)).toMatchObject({ settings: { body: '{"a":1}' } });
  });

  it("F-050 include the parsed schema of a JSON response", () => {
    const settings = { ...agent, response_type: "json", response_schema: '{"type":"object"}' };
    expect(parseStep("ai_agent", settings)).toMatchObject({ settings: { response_schema: { type: "object" } } });
  });

  it("section 5 include conditions on a batch", () => {
    const conditions = { all: [{ variable: "data.a", operator: "exists" }] };
    expect(parseStep("batch", { batch_window: buildDuration(1) }, { conditions })).toMatchObject({ conditions });
  });

  it.each([
    ["F-047 a delay of 365 days", "delay", { delay_for: buildDuration(365, "days") }],
    ["F-048 a throttle of 31 days", "throttle", { throttle_window: buildDuration(31, "days") }],
    ["E-260 the fewest items", "batch", { batch_window: buildDuration(1), batch_items_max_limit: 2 }],
    ["E-272 the fewest rendered", "batch", { batch_window: buildDuration(1), batch_items_render_limit: 1 }],
  ])("accept %s within the limit", (_title, type, settings) => {
    expect(collectFindings(() => parseStep(type, settings))).toEqual([]);
  });
});
