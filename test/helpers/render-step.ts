import { type Channel, providerOf } from "../../src/domain/environment/environment.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import { keyOf, type Recipient } from "../../src/domain/recipient/recipient.js";
import { parseEmailLayout } from "../../src/domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../src/domain/template/parse-template-partial.js";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../src/engine/compile/compile-workflow.js";
import type { BatchData, Destination, RenderContext } from "../../src/engine/render/channel-renderer.js";
import type { KnockError } from "../../src/errors/knock-error.js";
import type { JsonObject } from "../../src/util/json.js";

/** The catalogue's example recipient and clock (docs/reference/templates.md). */
export const MARA: JsonObject = { name: "Mara Voss", locale: "fr-BE", plan: "pro", email: "mara@lark.test" };
export const TIMESTAMP = "2024-03-05T19:07:09Z";

export interface Rendering {
  type: ChannelType;
  template: JsonObject;
  overrides?: JsonObject;
  /** Of the recipient `u-42`. */
  properties?: JsonObject;
  channelData?: JsonObject;
  data?: JsonObject;
  channel?: Partial<Channel>;
  /** Layouts and partials as their files have them, by key. */
  layouts?: Record<string, JsonObject>;
  partials?: Record<string, JsonObject>;
  /** More of what templates see. */
  scope?: JsonObject;
  /** The tenant's branding. */
  branding?: JsonObject;
  batch?: BatchData;
}

/** One step, from the file's template to the destinations and content documents of its messages. */
export async function renderStep(
  rendering: Rendering,
): Promise<{ destinations: Destination[]; contents: JsonObject[]; warnings: string[]; fault: KnockError | null }> {
  const { type, template, overrides, properties = MARA, data = {} } = rendering;
  const step = {
    ref: "one",
    type: "channel",
    channel_type: type,
    channel_key: "c",
    template,
    channel_overrides: overrides ?? null,
  };
  const { layouts = {}, partials = {}, branding } = rendering;
  const { renderers, sharedFault } = await compileWorkflow(parseWorkflow("parcel", { steps: [step] }), {
    emailLayout: async (key) =>
      Object.hasOwn(layouts, key) ? parseEmailLayout(key, layouts[key], `layouts/${key}/layout.json`) : null,
    partial: async (key) =>
      Object.hasOwn(partials, key) ? parseTemplatePartial(key, partials[key], `partials/${key}/partial.json`) : null,
  });
  const channel: Channel = {
    id: "c-1",
    key: "c",
    type,
    provider: providerOf(type),
    deliver: false,
    settings: {},
    conditions: null,
    ...rendering.channel,
  };
  const recipient: Recipient = {
    key: keyOf("u-42"),
    properties,
    preferences: {},
    channel_data: rendering.channelData ? { "c-1": rendering.channelData } : {},
    inserted_at: 0,
    updated_at: 0,
  };
  const tenant: Recipient | null = branding
    ? { ...recipient, key: keyOf({ id: "acme", collection: "$tenants" }), properties: { settings: { branding } } }
    : null;
  const warnings: string[] = [];
  const context: RenderContext = {
    scope: { ...data, data, recipient: { ...properties, id: "u-42" }, timestamp: TIMESTAMP, ...rendering.scope },
    recipient,
    tenant,
    channel,
    batch: rendering.batch ?? null,
    warn: (text) => warnings.push(text),
  };
  const renderer = renderers.get("one");
  if (renderer === undefined) throw new Error("the step was not compiled");
  const destinations = renderer.destinations(context);
  return {
    fault: sharedFault,
    warnings,
    destinations,
    contents: destinations.map((destination) => renderer.render(context, destination)),
  };
}

/** The content document of a step that makes one message. */
export async function contentOf(rendering: Rendering): Promise<JsonObject> {
  const { contents } = await renderStep(rendering);
  if (contents.length !== 1) throw new Error(`${contents.length} messages, not one`);
  return contents[0] as JsonObject;
}
