import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { CHANNEL_OVERRIDES } from "../channel/channel-overrides.js";
import type { ChannelType } from "../message/message.js";
import { placeOf } from "../shape/place.js";
import type { StepType } from "../step/step.js";

/** Something of a file that is read and has no effect. */
export interface WorkflowWarning {
  pointer: string;
  /** With the place: `steps[0].colour is not a known key and has no effect`. */
  text: string;
}

const WORKFLOW = `$schema name steps description categories tags conditions trigger_frequency trigger_data_json_schema
  settings goal_attachment trigger key active valid environment created_at updated_at deleted_at sha`;
const STEP = "type ref name description conditions";
const BRANCH = "name conditions steps terminates default ref";

const STEP_FIELDS: Record<StepType, string> = {
  channel: "channel_type channel_key channel_group_key guide_key template channel_overrides send_windows",
  branch: "branches",
  random_cohort: "cohort_branches cohort_key",
  batch: "settings",
  delay: "settings",
  throttle: "settings",
  http_fetch: "settings",
  trigger_workflow: "settings",
  wait_for_event: "settings",
  update_data: "settings",
  update_user: "settings",
  update_tenant: "settings",
  update_object: "settings",
  update_audience: "settings",
  ai_agent: "settings",
};

const RECIPIENT_SETTINGS = "recipient_mode recipient_gid update_properties";
const SETTINGS: Partial<Record<StepType, string>> = {
  batch: `batch_key batch_window batch_until_field_path batch_window_type batch_window_extension_limit
    batch_items_max_limit batch_items_render_limit batch_order batch_execution_mode workflow_version_mode`,
  delay: "delay_for delay_until_field_path",
  throttle: "throttle_key throttle_limit throttle_window throttle_window_field_path",
  http_fetch: "method url headers query_params body json_body response_path signing_key reusable_step_key inputs",
  trigger_workflow: "workflow_key recipients actor tenant data cancellation_key",
  wait_for_event: "event match_conditions expires_after on_match on_timeout",
  update_data: "data",
  update_user: RECIPIENT_SETTINGS,
  update_tenant: RECIPIENT_SETTINGS,
  update_object: "recipient_gid update_properties",
  update_audience: "action audience_key",
  ai_agent: "model request_prompt response_type response_schema web_search_enabled halt_on_error",
};

/** A template's fields, and those of its `settings`; null where it has none. */
const TEMPLATES: Record<Exclude<ChannelType, "in_app_guide">, [fields: string, settings: string | null]> = {
  email: [
    "subject settings visual_blocks html_body text_body is_mjml preview_text",
    "layout_key attachment_key pre_content preview_text",
  ],
  sms: ["text_body settings", "to_number payload_overrides"],
  push: ["title text_body settings", "delivery_type payload_overrides"],
  chat: [
    "markdown_body json_body summary settings",
    "recipient_connection reply_to_step_ref parent_message_id send_to_channel",
  ],
  in_app_feed: ["markdown_body action_url action_buttons", null],
  http: ["method url headers query_params body inputs", null],
};

/** Texts that stand in files of their own, mostly; and what one that names such a file looks like. */
const LONG_TEXTS = ["html_body", "text_body", "markdown_body", "json_body", "visual_blocks"];
const FILE = /^[\w.-]+(\/[\w.-]+)*\.(html|mjml|md|txt|json|liquid)$/;

/** Settings that are lengths of time, and those that are lists of pairs, of any step. */
const DURATIONS = ["batch_window", "batch_window_extension_limit", "delay_for", "throttle_window", "expires_after"];
const PAIRS = ["headers", "query_params"];

const PADDING = "padding_top padding_right padding_bottom padding_left column_gap horizontal_align";
/** A visual block's own fields, beside those that all have. */
const BLOCKS: Readonly<Record<string, string>> = {
  markdown: "content variant",
  html: "content",
  divider: "",
  image: "url alt action style_attrs",
  button_set: "buttons",
  partial: "key name attrs",
  row: "columns",
};

/** What of a project beside the workflow decides whether something in it can have an effect. */
export interface Surroundings {
  hasSource(key: string): boolean;
  hasBroadcast(key: string): boolean;
}

class Finder {
  readonly found: WorkflowWarning[] = [];

  constructor(private readonly project: Surroundings) {}

  tell(path: PropertyKey[], message: string): void {
    const pointer = pointerOf(path);
    this.found.push({ pointer, text: `${placeOf(pointer)} ${message}` });
  }

  /** Keys of an object that the format does not have there (F-026). Null is as absent; `__…` is the server's (F-021, F-022). */
  unknownKeys(value: Json | undefined, path: PropertyKey[], ...fields: string[]): void {
    if (!isJsonObject(value)) return;
    const known = fields.flatMap((list) => list.split(/\s+/));
    for (const [key, child] of Object.entries(value)) {
      if (child === null || known.includes(key) || key.startsWith("__") || key.endsWith("@")) continue;
      const near = nearest(key, known);
      this.tell([...path, key], `is not a known key and has no effect${near ? `; did you mean "${near}"?` : ""}`);
    }
  }

  /** Of each item of a list. */
  unknownKeysIn(list: Json | undefined, path: PropertyKey[], fields: string): void {
    if (Array.isArray(list))
      for (const [index, item] of list.entries()) this.unknownKeys(item, [...path, index], fields);
  }

  /** A group of conditions, nested as it may be, or one condition. */
  conditions(node: Json | undefined, path: PropertyKey[]): void {
    if (!isJsonObject(node)) return;
    const kind = ["all", "any", "conditions"].find((name) => name in node);
    const fields = { all: "all", any: "any", conditions: "operator conditions" }[kind ?? ""];
    this.unknownKeys(node, path, fields ?? "variable operator argument");
    const list = kind === undefined ? null : node[kind];
    if (Array.isArray(list))
      for (const [index, one] of list.entries()) this.conditions(one, [...path, kind as string, index]);
  }

  blocks(list: Json | undefined, path: PropertyKey[]): void {
    if (!Array.isArray(list)) return;
    for (const [index, block] of list.entries()) {
      if (!isJsonObject(block)) continue;
      const here = [...path, index];
      this.unknownKeys(block, here, "type id version layout_attrs", BLOCKS[String(block.type)] ?? "");
      this.unknownKeys(block.layout_attrs, [...here, "layout_attrs"], PADDING);
      this.unknownKeys(block.style_attrs, [...here, "style_attrs"], "width");
      for (const [b, button] of (Array.isArray(block.buttons) ? block.buttons : []).entries()) {
        const at = [...here, "buttons", b];
        this.unknownKeys(button, at, "label action variant size_attrs style_attrs");
        if (!isJsonObject(button)) continue;
        this.unknownKeys(button.size_attrs, [...at, "size_attrs"], "size is_fullwidth");
        const style = "background_color text_color border_color border_radius border_width";
        this.unknownKeys(button.style_attrs, [...at, "style_attrs"], style);
      }
      for (const [c, column] of (Array.isArray(block.columns) ? block.columns : []).entries()) {
        this.unknownKeys(column, [...here, "columns", c], "blocks");
        if (isJsonObject(column)) this.blocks(column.blocks, [...here, "columns", c, "blocks"]);
      }
    }
  }

  channel(step: JsonObject, path: PropertyKey[]): void {
    const { template, channel_overrides, send_windows } = step;
    const type = step.channel_type as ChannelType;
    this.unknownKeysIn(send_windows, [...path, "send_windows"], "day type from until");
    const everyOverride = Object.values(CHANNEL_OVERRIDES).flat(); // those of another type are refused
    this.unknownKeys(channel_overrides, [...path, "channel_overrides"], everyOverride.join(" "));
    if (step.channel_type === "in_app_guide" && !step.guide_key)
      this.tell([...path, "guide_key"], "is not set: the step adds nobody to anything");
    if (!Object.hasOwn(TEMPLATES, type)) return; // an old file's type is the channel's
    const [fields, settings] = TEMPLATES[type as keyof typeof TEMPLATES];
    this.unknownKeys(template, [...path, "template"], fields);
    if (!isJsonObject(template)) return;
    for (const name of LONG_TEXTS) {
      const text = template[name];
      if (typeof text === "string" && FILE.test(text))
        this.tell(
          [...path, "template", name],
          `is "${text}" itself, not what that file holds; did you mean "${name}@"?`,
        );
    }
    this.unknownKeysIn(template.action_buttons, [...path, "template", "action_buttons"], "label action");
    for (const name of PAIRS) this.unknownKeysIn(template[name], [...path, "template", name], "key value");
    this.blocks(template.visual_blocks, [...path, "template", "visual_blocks"]);
    if (settings !== null) this.unknownKeys(template.settings, [...path, "template", "settings"], settings);
  }

  /** Known settings that others of the same step put out of effect. */
  idleSettings(type: StepType, settings: JsonObject, path: PropertyKey[]): void {
    if (type === "batch" && settings.batch_window_type !== "sliding" && settings.batch_window_extension_limit)
      this.tell([...path, "batch_window_extension_limit"], "has no effect: the window does not slide");
    if (type === "wait_for_event" && isJsonObject(settings.event)) {
      const { source_type, source_key, event_type, integration_source_key } = settings.event;
      this.unknownKeys(
        settings.event,
        [...path, "event"],
        "event_type integration_source_key source_type source_key audience_key event_key",
      );
      if (source_type === "broadcast" && !this.project.hasBroadcast(String(source_key)))
        this.tell([...path, "event", "source_key"], `never comes here: there is no broadcast "${source_key}"`);
      if (event_type === "integration_source" && !this.project.hasSource(String(integration_source_key)))
        this.tell(
          [...path, "event", "integration_source_key"],
          `never comes here: there is no source "${integration_source_key}"; the step waits until it expires`,
        );
    }
    if (type === "http_fetch" && settings.reusable_step_key && settings.method)
      this.tell([...path, "method"], "has no effect: the shared request has its own");
    if (settings.recipient_mode === "current" && settings.recipient_gid)
      this.tell([...path, "recipient_gid"], 'has no effect: recipient_mode is "current"');
  }

  step(step: Json, path: PropertyKey[]): void {
    if (!isJsonObject(step) || !Object.hasOwn(STEP_FIELDS, String(step.type))) return;
    const type = step.type as StepType;
    this.unknownKeys(step, path, STEP, STEP_FIELDS[type]);
    if (type !== "random_cohort") this.conditions(step.conditions, [...path, "conditions"]);
    if (type === "channel") this.channel(step, path);
    if (type === "random_cohort" && isJsonObject(step.conditions) && Object.keys(step.conditions).length > 0)
      this.tell([...path, "conditions"], "has no effect: an experiment has no conditions");
    const known = SETTINGS[type];
    if (known !== undefined && isJsonObject(step.settings)) {
      this.unknownKeys(step.settings, [...path, "settings"], known);
      const { settings } = step;
      for (const name of DURATIONS) this.unknownKeys(settings[name], [...path, "settings", name], "unit value");
      for (const name of PAIRS) this.unknownKeysIn(settings[name], [...path, "settings", name], "key value");
      const matches = Array.isArray(settings.match_conditions) ? settings.match_conditions : [];
      for (const [index, group] of matches.entries())
        this.conditions(group, [...path, "settings", "match_conditions", index]);
      this.idleSettings(type, step.settings, [...path, "settings"]);
    }
    this.branches(step.branches, [...path, "branches"], BRANCH);
    this.branches(step.cohort_branches, [...path, "cohort_branches"], `${BRANCH} percentage`);
  }

  branches(branches: Json | undefined, path: PropertyKey[], fields: string): void {
    if (!Array.isArray(branches)) return;
    for (const [index, branch] of branches.entries()) {
      this.unknownKeys(branch, [...path, index], fields);
      if (!isJsonObject(branch)) continue;
      this.conditions(branch.conditions, [...path, index, "conditions"]);
      this.steps(branch.steps, [...path, index, "steps"]);
    }
  }

  steps(steps: Json | undefined, path: PropertyKey[]): void {
    if (Array.isArray(steps)) for (const [index, step] of steps.entries()) this.step(step, [...path, index]);
  }
}

/** What a workflow file that parses says without effect: nothing of it is passed over in silence (F-026). */
export function workflowWarnings(raw: JsonObject, project: Surroundings): WorkflowWarning[] {
  const finder = new Finder(project);
  finder.unknownKeys(raw, [], WORKFLOW);
  finder.unknownKeys(raw.settings, ["settings"], "is_commercial override_preferences");
  finder.unknownKeys(raw.trigger, ["trigger"], "type audience_key source_key event_key mapping");
  if (isJsonObject(raw.trigger) && raw.trigger.type === "event" && !project.hasSource(String(raw.trigger.source_key)))
    finder.tell(["trigger", "source_key"], `has no effect: there is no source "${raw.trigger.source_key}"`);
  finder.conditions(raw.conditions, ["conditions"]);
  finder.steps(raw.steps, ["steps"]);
  return finder.found;
}
