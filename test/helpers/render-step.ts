import { type Channel, providerOf } from "../../src/domain/environment.js";
import type { ChannelType } from "../../src/domain/message.js";
import { parseWorkflow } from "../../src/domain/parse-workflow.js";
import { keyOf, type Recipient } from "../../src/domain/recipient.js";
import { compileWorkflow } from "../../src/engine/compile-workflow.js";
import type { Destination, RenderContext } from "../../src/engine/render/channel-renderer.js";
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
}

/** One step, from the file's template to the destinations and content documents of its messages. */
export async function renderStep(
  rendering: Rendering,
): Promise<{ destinations: Destination[]; contents: JsonObject[] }> {
  const { type, template, overrides, properties = MARA, data = {} } = rendering;
  const step = {
    ref: "one",
    type: "channel",
    channel_type: type,
    channel_key: "c",
    template,
    channel_overrides: overrides ?? null,
  };
  const { renderers } = await compileWorkflow(parseWorkflow("parcel", { steps: [step] }));
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
  const context: RenderContext = {
    scope: { ...data, data, recipient: { ...properties, id: "u-42" }, timestamp: TIMESTAMP },
    recipient,
    tenant: null,
    channel,
  };
  const renderer = renderers.get("one");
  if (renderer === undefined) throw new Error("the step was not compiled");
  const destinations = renderer.destinations(context);
  return { destinations, contents: destinations.map((destination) => renderer.render(context, destination)) };
}

/** The content document of a step that makes one message. */
export async function contentOf(rendering: Rendering): Promise<JsonObject> {
  const { contents } = await renderStep(rendering);
  if (contents.length !== 1) throw new Error(`${contents.length} messages, not one`);
  return contents[0] as JsonObject;
}
