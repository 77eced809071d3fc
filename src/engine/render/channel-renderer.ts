import type { Channel } from "../../domain/environment/environment.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import { hasLiquid } from "../../domain/template/has-liquid.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import { isJsonObject } from "../../util/json.js";
import type { UserLookup } from "../context/pending-query.js";
import { type CompiledText, type CompileText, RenderError, type RenderScope, renderText } from "../liquid/liquid.js";

/** The address, device token or connection that one message is sent to. */
export interface Destination {
  /** The address, phone number or device token in the content document, or a label such as `feed`. */
  address: string;
  /** The message's `recipient_snapshot`. */
  snapshot: JsonObject | null;
  connection?: JsonObject;
  /** Secrets for the delivery, which are never part of the content. */
  secrets?: JsonObject;
  /** Flat values for the content document's `metadata`. */
  metadata?: JsonObject;
  /** Set if the recipient has no connection yet and the provider has to look the user up. */
  userLookup?: UserLookup;
  /** The locale of the device, null if it has none. */
  locale?: string | null;
}

/** The data of the batch that a run continues from. */
export interface BatchData {
  /** All data of the activity that opened the batch. */
  first: JsonObject;
  /** The merged data that the batch passed to the run. */
  reduced: JsonObject;
}

export interface RenderContext {
  scope: RenderScope;
  recipient: Recipient;
  tenant: Recipient | null;
  channel: Channel;
  /** Null for a run that does not continue from a batch. */
  batch?: BatchData | null;
  /** Whether tracking follows, which reads the no-track attributes and removes them. Otherwise rendering removes them. */
  isTracked?: boolean;
  /** Adds a warning to the step's event. */
  warn?: (text: string) => void;
}

/** A channel step's template, compiled for its channel type. */
export interface ChannelRenderer {
  /** Returns one destination per message. Empty if the recipient lacks data that the channel needs (E-173 to E-177, E-181). */
  resolveDestinations(context: RenderContext): Destination[];
  /** Says which data is missing if there are no destinations, for the detail of the reason. */
  missingData: string;
  /** Renders the `data` of the API's content document. Throws {@link RenderError}. */
  render(context: RenderContext, destination: Destination): JsonObject;
}

/** Reads the fields of a template object and compiles its texts. */
export class TemplateReader {
  constructor(
    private readonly template: JsonObject,
    private readonly compile: CompileText,
    private readonly fieldPath: string,
  ) {}

  /** Compiles a text. Null if the field is not set. */
  compileText(name: string): CompiledText | null {
    const source = this.template[name];
    return typeof source === "string" ? this.compile(source, `${this.fieldPath}.${name}`) : null;
  }

  /** Returns the path that names a field in errors. */
  getFieldPath(name: string): string {
    return `${this.fieldPath}.${name}`;
  }

  /** Returns a text as written. Empty if the field is not set. */
  getSource(name: string): string {
    const value = this.template[name];
    return typeof value === "string" ? value : "";
  }

  getSection(name: string): TemplateReader {
    const value = this.template[name];
    return new TemplateReader(isJsonObject(value) ? value : {}, this.compile, `${this.fieldPath}.${name}`);
  }

  getList(name: string): TemplateReader[] {
    const value = this.template[name];
    if (!Array.isArray(value)) return [];
    return value.map(
      (item, index) =>
        new TemplateReader(isJsonObject(item) ? item : {}, this.compile, `${this.fieldPath}.${name}[${index}]`),
    );
  }

  getValue(name: string): Json | undefined {
    return this.template[name];
  }
}

/** Renders a text as a JSON object. Null for blank text. Throws {@link RenderError} that names `settingName` (T-094). */
export function renderJson(text: CompiledText | null, scope: RenderScope, settingName: string): JsonObject | null {
  const rendered = text?.(scope).trim() ?? "";
  if (rendered === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${settingName} is invalid JSON once rendered: ${getErrorMessage(error)}`, {
      cause: error,
    });
  }
  if (!isJsonObject(value)) throw new RenderError(`${settingName} must be a JSON object once rendered`);
  return value;
}

/** Returns a text of the channel's settings, rendered if it contains Liquid. Null for blank text (CH-080, T-134). */
export function resolveChannelSetting(name: string, { channel, scope }: RenderContext): string | null {
  const value = Object.hasOwn(channel.settings, name) ? channel.settings[name] : undefined;
  if (typeof value !== "string" || value === "") return null;
  if (!hasLiquid(value)) return value;
  return renderText(value, scope).trim() || null;
}

/** Renders the payload overrides of the template, or else of the channel. Null without overrides (E-182). */
export function resolvePayloadOverrides(
  templateOverrides: CompiledText | null,
  context: RenderContext,
  fieldPath: string,
): JsonObject | null {
  const channelOverrides = (): string => resolveChannelSetting("payload_overrides", context) ?? "";
  return (
    renderJson(templateOverrides, context.scope, fieldPath) ??
    renderJson(channelOverrides, context.scope, "the channel's payload_overrides")
  );
}

export function getTextProperty(recipient: Recipient, name: string): string | null {
  const value = recipient.properties[name];
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

/** Returns the recipient's channel data for a channel. Empty if the recipient has not set any. */
export function getChannelData(recipient: Recipient, channel: Channel): JsonObject {
  return recipient.channel_data[channel.id] ?? {};
}
