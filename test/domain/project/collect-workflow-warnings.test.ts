import { describe, expect, it } from "vitest";
import { describeFinding } from "../../../src/domain/findings/describe-finding.js";
import { collectWorkflowWarnings } from "../../../src/domain/project/collect-workflow-warnings.js";
import { findUnknownKeys } from "../../../src/domain/schema/check-document.js";
import type { Finding } from "../../../src/domain/schema/finding.js";
import { workflowSchema } from "../../../src/domain/workflow/workflow-schema.js";
import { type JsonObject, toPointer } from "../../../src/util/json.js";

const PROJECT = { hasSource: (key: string) => key === "shop", hasBroadcast: (key: string) => key === "news" };
/** Returns a project's warnings for a workflow file: unknown keys, and fields without an effect. */
const texts = (raw: JsonObject): string[] =>
  [...findUnknownKeys(workflowSchema(), raw), ...collectWorkflowWarnings(raw, PROJECT)].map(
    ({ path, message }: Finding) => describeFinding({ pointer: toPointer(path), message }),
  );
const steps = (...list: JsonObject[]): JsonObject => ({ name: "W", steps: list });
const email = (more: JsonObject): JsonObject => ({ ref: "e", type: "channel", channel_type: "email", ...more });

describe("collectWorkflowWarnings (F-026)", () => {
  it("accepts all keys of the format, nulls and the server's own fields", () => {
    expect(
      texts({
        $schema: "x",
        __readonly: { key: "w", anything: 1 },
        name: "W",
        tags: ["a"],
        goal_attachment: { goal_key: "g" },
        future: null,
        steps: [
          email({ template: { subject: "S", html_body: "B", settings: { layout_key: "default" }, is_mjml: false } }),
          { ref: "b", type: "branch", branches: [{ name: "x", terminates: false, steps: [], ref: "r" }] },
        ],
      }),
    ).toEqual([]);
  });

  it("F-025 accepts sources and broadcasts that the project has", () => {
    const wait = (event: JsonObject) => ({ ref: "w", type: "wait_for_event", settings: { event } });
    const trigger = { type: "event", source_key: "shop", event_key: "e", mapping: {} };
    const awaited = [
      wait({ event_type: "integration_source", integration_source_key: "shop", event_key: "e" }),
      wait({ event_type: "message", source_type: "broadcast", source_key: "news", event_key: "read" }),
    ];
    expect(texts({ ...steps(...awaited), trigger })).toEqual([]);
  });

  it.each<[title: string, raw: JsonObject, text: string]>([
    [
      "in a template with a file's name as its text",
      steps(email({ template: { subject: "readme.md", html_body: "e/html_body.html" } })),
      'steps[0].template.html_body is "e/html_body.html" itself, not the content of that file; did you mean "html_body@"?',
    ],
    ["of the workflow", { ...steps(), catagories: [] }, 'unknown key "catagories"; did you mean "categories"?'],
    [
      "of its settings",
      { ...steps(), settings: { is_comercial: true } },
      'settings: unknown key "is_comercial"; did you mean "is_commercial"?',
    ],
    [
      "of a step",
      steps(email({ colour: "red" })),
      'steps[0]: unknown key "colour"; valid keys are type, ref, name, description, conditions, channel_type, channel_key, channel_group_key, guide_key, template, channel_overrides, send_windows',
    ],
    [
      "of a template",
      steps(email({ template: { subjekt: "S" } })),
      'steps[0].template: unknown key "subjekt"; did you mean "subject"?',
    ],
    [
      "of a template's settings",
      steps(email({ template: { settings: { layout: "x" } } })),
      'steps[0].template.settings: unknown key "layout"; valid keys are layout_key, pre_content, attachment_key, preview_text',
    ],
    [
      "of overrides",
      steps(email({ channel_overrides: { to_adress: "a" } })),
      'steps[0].channel_overrides: unknown key "to_adress"; did you mean "to_address"?',
    ],
    [
      "of a function step",
      steps({ ref: "d", type: "delay", settings: { delay_till: "x" } }),
      'steps[0].settings: unknown key "delay_till"; valid keys are delay_for, delay_until_field_path',
    ],
    [
      "of a duration",
      steps({ ref: "b", type: "batch", settings: { batch_window: { unit: "hours", value: 1, values: 2 } } }),
      'steps[0].settings.batch_window: unknown key "values"; did you mean "value"?',
    ],
    [
      "of a trigger condition, nested",
      { ...steps(), conditions: { any: [{ all: [{ variable: "data.a", operator: "exists", arguments: 1 }] }] } },
      'conditions.any[0].all[0]: unknown key "arguments"; did you mean "argument"?',
    ],
    [
      "of a branch's conditions",
      steps({ ref: "b", type: "branch", branches: [{ conditions: { all: [], none: [] }, steps: [] }] }),
      'steps[0].branches[0].conditions: unknown key "none"; valid keys are all',
    ],
    [
      "of match conditions",
      steps({
        ref: "w",
        type: "wait_for_event",
        settings: { match_conditions: [{ operator: "and", conditions: [{ variable: "data.a", value: 1 }] }] },
      }),
      'steps[0].settings.match_conditions[0].conditions[0]: unknown key "value"; valid keys are variable, operator, argument',
    ],
    [
      "of a header",
      steps({ ref: "f", type: "http_fetch", settings: { headers: [{ key: "a", value: "b", secret: true }] } }),
      'steps[0].settings.headers[0]: unknown key "secret"; valid keys are key, value',
    ],
    [
      "of a visual block in a row",
      steps(
        email({
          template: {
            visual_blocks: [{ type: "row", columns: [{ blocks: [{ type: "divider", colour: "red" }] }] }],
          },
        }),
      ),
      'steps[0].template.visual_blocks[0].columns[0].blocks[0]: unknown key "colour"; valid keys are type, id, version, layout_attrs',
    ],
    [
      "of a block's button",
      steps(
        email({
          template: { visual_blocks: [{ type: "button_set", buttons: [{ label: "A", style_attrs: { x: 1 } }] }] },
        }),
      ),
      'steps[0].template.visual_blocks[0].buttons[0].style_attrs: unknown key "x"; valid keys are background_color, text_color, border_color, border_width, border_radius',
    ],
    [
      "of a button",
      steps({
        ref: "f",
        type: "channel",
        channel_type: "in_app_feed",
        template: { action_buttons: [{ label: "a", action: "b", style: "c" }] },
      }),
      'steps[0].template.action_buttons[0]: unknown key "style"; valid keys are label, action',
    ],
    [
      "of an awaited event",
      steps({ ref: "w", type: "wait_for_event", settings: { event: { event_type: "recipient", recipient: "x" } } }),
      'steps[0].settings.event: unknown key "recipient"; valid keys are event_type, event_key',
    ],
    [
      "of the trigger",
      { ...steps(), trigger: { type: "audience", audience: "x" } },
      'trigger: unknown key "audience"; valid keys are type, audience_key',
    ],
    [
      "inside a branch",
      steps({
        ref: "b",
        type: "branch",
        branches: [{ steps: [{ ref: "t", type: "throttle", limit: 1, settings: {} }] }],
      }),
      'steps[0].branches[0].steps[0]: unknown key "limit"; valid keys are type, ref, name, description, conditions, settings',
    ],
  ])("reports an unknown key or value %s", (_title, raw, text) => {
    expect(texts(raw)).toEqual([text]);
  });

  it.each<[title: string, raw: JsonObject, text: string]>([
    [
      "an experiment's conditions",
      steps({ ref: "r", type: "random_cohort", cohort_branches: [], conditions: { all: [] } }),
      "steps[0].conditions has no effect: an experiment has no conditions",
    ],
    [
      "conditions of a cohort",
      steps({
        ref: "r",
        type: "random_cohort",
        cohort_branches: [{ percentage: 50 }, { percentage: 50, conditions: { all: [] } }],
      }),
      "steps[0].cohort_branches[1].conditions has no effect: the percentages decide",
    ],
    [
      "a limit of a window that is not sliding",
      steps({ ref: "b", type: "batch", settings: { batch_window_extension_limit: { unit: "hours", value: 1 } } }),
      "steps[0].settings.batch_window_extension_limit has no effect: the window does not slide",
    ],
    [
      "a recipient to update that is the run's own",
      steps({
        ref: "u",
        type: "update_user",
        settings: { recipient_mode: "current", recipient_gid: "gid://Object/$users/a" },
      }),
      'steps[0].settings.recipient_gid has no effect: recipient_mode is "current"',
    ],
    [
      "a wait for a broadcast's message",
      steps({
        ref: "w",
        type: "wait_for_event",
        settings: { event: { event_type: "message", source_type: "broadcast", source_key: "b", event_key: "read" } },
      }),
      'steps[0].settings.event.source_key never occurs locally: there is no broadcast "b"',
    ],
    [
      "a wait for a source's event",
      steps({
        ref: "w",
        type: "wait_for_event",
        settings: { event: { event_type: "integration_source", integration_source_key: "s" } },
      }),
      'steps[0].settings.event.integration_source_key never occurs locally: there is no source "s"; the step waits until it expires',
    ],
    [
      "a trigger by a source's event",
      { ...steps(), trigger: { type: "event", source_key: "s", event_key: "e" } },
      'trigger.source_key has no effect: there is no source "s"',
    ],
  ])("warns about %s", (_title, raw, text) => {
    expect(texts(raw)).toEqual([text]);
  });
});
