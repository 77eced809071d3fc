import { expect } from "vitest";
import { type Channel, getDefaultProvider } from "../../src/domain/environment/environment.js";
import type { ChannelType } from "../../src/domain/message/channel-types.js";
import { type Recipient, toRecipientKey } from "../../src/domain/recipient/recipient.js";
import { parseEmailLayout } from "../../src/domain/template/parse-email-layout.js";
import { parseTemplatePartial } from "../../src/domain/template/parse-template-partial.js";
import { parseWorkflow } from "../../src/domain/workflow/parse-workflow.js";
import { compileWorkflow } from "../../src/engine/compile/compile-workflow.js";
import { getLiquidMode, type LiquidMode, setLiquidMode } from "../../src/engine/liquid/liquid-mode.js";
import type { BatchData, Destination, RenderContext } from "../../src/engine/render/channel-renderer.js";
import type { KnockError } from "../../src/errors/knock-error.js";
import type { JsonObject } from "../../src/util/json.js";
import { TIMESTAMP } from "./rendering-time.js";

/** The catalog's example recipient (docs/internals/catalog/templates.md). */
export const MARA: JsonObject = { name: "Mara Voss", locale: "fr-BE", plan: "pro", email: "mara@lark.test" };
export interface RenderInput {
  type: ChannelType;
  template: JsonObject;
  overrides?: JsonObject;
  /** The properties of the recipient `u-42`. */
  properties?: JsonObject;
  channelData?: JsonObject;
  data?: JsonObject;
  channel?: Partial<Channel>;
  /** Layouts and partials in the format of their files, by key. */
  layouts?: Record<string, JsonObject>;
  partials?: Record<string, JsonObject>;
  /** Additional variables for templates. */
  scope?: JsonObject;
  /** The tenant's branding. */
  branding?: JsonObject;
  batch?: BatchData;
}

interface RenderResult {
  destinations: Destination[];
  contents: JsonObject[];
  warnings: string[];
  error: KnockError | null;
}

/** Returns the result of a function, or the error that it throws. */
function catchResult<T>(run: () => T): { result: T } | { error: unknown } {
  try {
    return { result: run() };
  } catch (error) {
    return { error };
  }
}

/**
 * Renders one step from its file's template, and returns the destinations and content documents of its messages. Throws if
 * compiled templates render differently.
 */
export async function renderStep(input: RenderInput): Promise<RenderResult> {
  const { type, template, overrides, properties = MARA, data = {} } = input;
  const step = {
    ref: "one",
    type: "channel",
    channel_type: type,
    channel_key: "c",
    template,
    channel_overrides: overrides ?? null,
  };
  const { layouts = {}, partials = {}, branding } = input;
  const { renderers, sharedError } = await compileWorkflow(parseWorkflow("parcel", { steps: [step] }), {
    emailLayout: async (key) =>
      Object.hasOwn(layouts, key) ? parseEmailLayout(key, layouts[key], `layouts/${key}/layout.json`) : null,
    partial: async (key) =>
      Object.hasOwn(partials, key) ? parseTemplatePartial(key, partials[key], `partials/${key}/partial.json`) : null,
  });
  const channel: Channel = {
    id: "c-1",
    key: "c",
    type,
    provider: getDefaultProvider(type),
    deliver: false,
    settings: {},
    conditions: null,
    ...input.channel,
  };
  const recipient: Recipient = {
    key: toRecipientKey("u-42"),
    properties,
    preferences: {},
    channel_data: input.channelData ? { "c-1": input.channelData } : {},
    inserted_at: 0,
    updated_at: 0,
  };
  const tenant: Recipient | null = branding
    ? {
        ...recipient,
        key: toRecipientKey({ id: "acme", collection: "$tenants" }),
        properties: { settings: { branding } },
      }
    : null;
  const renderer = renderers.get("one");
  if (renderer === undefined) throw new Error("the step was not compiled");
  const render = (mode: LiquidMode): RenderResult => {
    const warnings: string[] = [];
    const context: RenderContext = {
      scope: { ...data, data, recipient: { ...properties, id: "u-42" }, timestamp: TIMESTAMP, ...input.scope },
      recipient,
      tenant,
      channel,
      batch: input.batch ?? null,
      warn: (text) => warnings.push(text),
    };
    const outerMode = getLiquidMode();
    setLiquidMode(mode);
    try {
      const destinations = renderer.resolveDestinations(context);
      const contents = destinations.map((destination) => renderer.render(context, destination));
      return { error: sharedError, warnings, destinations, contents };
    } finally {
      setLiquidMode(outerMode);
    }
  };
  const [interpreted, compiled] = [catchResult(() => render("interpret")), catchResult(() => render("compile"))];
  expect(compiled).toEqual(interpreted);
  if ("error" in interpreted) throw interpreted.error;
  return interpreted.result;
}

/** Returns the content document of a step that creates one message. Throws for another number. */
export async function renderContent(input: RenderInput): Promise<JsonObject> {
  const { contents } = await renderStep(input);
  if (contents.length !== 1) throw new Error(`${contents.length} messages, not one`);
  return contents[0] as JsonObject;
}
