import type { Channel } from "../../domain/environment/environment.js";
import { hasLiquid } from "../../domain/environment/provider-catalog.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import { getErrorMessage } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import { isJsonObject } from "../../util/json.js";
import type { UserLookup } from "../context/pending-query.js";
import { type CompiledText, type CompileText, RenderError, type RenderScope, renderText } from "../liquid/liquid.js";

/** Where one message goes: an address, a device token, a connection. */
export interface Destination {
  /** What the content document and the snapshot say of it. */
  address: string;
  snapshot: JsonObject | null;
  connection?: JsonObject;
  /** For delivery alone; never part of the content. */
  secrets?: JsonObject;
  /** Flat, for the content document's `metadata`. */
  metadata?: JsonObject;
  /** Nobody's connection yet: who it is has to be asked. */
  userLookup?: UserLookup;
  /** Of the device, where it has one. */
  locale?: string | null;
}

/** Data of the batch that a run came from. */
export interface BatchData {
  /** Data of the activity that opened it, in full. */
  first: JsonObject;
  /** The merged data as the batch left it to the run. */
  reduced: JsonObject;
}

export interface RenderContext {
  scope: RenderScope;
  recipient: Recipient;
  tenant: Recipient | null;
  channel: Channel;
  /** Null for a run that came from no batch. */
  batch?: BatchData | null;
  /** Marks against tracking stay: what tracks reads them, and takes them out. */
  isTracked?: boolean;
  /** Told by the step's event. */
  warn?: (text: string) => void;
}

/** A channel step's template, compiled for its channel type. */
export interface ChannelRenderer {
  /** One per message to make; none where the recipient lacks what the channel needs (E-173 to E-177, E-181). */
  resolveDestinations(context: RenderContext): Destination[];
  /** What the recipient lacks, for the reason's detail. */
  missingData: string;
  /** The API's content document `data`. Throws RenderError. */
  render(context: RenderContext, destination: Destination): JsonObject;
}

/** Strings of a template object: compiled where set, null where absent. */
export class TemplateReader {
  constructor(
    private readonly template: JsonObject,
    private readonly compile: CompileText,
    private readonly fieldPath: string,
  ) {}

  compileText(name: string): CompiledText | null {
    const source = this.template[name];
    return typeof source === "string" ? this.compile(source, `${this.fieldPath}.${name}`) : null;
  }

  /** How errors name a field. */
  getFieldPath(name: string): string {
    return `${this.fieldPath}.${name}`;
  }

  /** The source as written. */
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

/** Rendered text that must be JSON (T-094), `what` being its place. Null for blank text. */
export function renderJson(text: CompiledText | null, scope: RenderScope, settingName: string): JsonObject | null {
  const rendered = text?.(scope).trim() ?? "";
  if (rendered === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${settingName} is not valid JSON once rendered: ${getErrorMessage(error)}`, {
      cause: error,
    });
  }
  if (!isJsonObject(value)) throw new RenderError(`${settingName} must be a JSON object once rendered`);
  return value;
}

/** A channel's own setting: text, with Liquid where it has some (CH-080, T-134). */
export function resolveChannelSetting(name: string, { channel, scope }: RenderContext): string | null {
  const value = Object.hasOwn(channel.settings, name) ? channel.settings[name] : undefined;
  if (typeof value !== "string" || value === "") return null;
  if (!hasLiquid(value)) return value;
  return renderText(value, scope).trim() || null;
}

/** A push's or a text message's overrides: the template's, else the channel's (E-182); null for none. */
export function resolvePayloadOverrides(
  own: CompiledText | null,
  context: RenderContext,
  fieldPath: string,
): JsonObject | null {
  const declared = (): string => resolveChannelSetting("payload_overrides", context) ?? "";
  return (
    renderJson(own, context.scope, fieldPath) ?? renderJson(declared, context.scope, "the channel's payload_overrides")
  );
}

export function getTextProperty(recipient: Recipient, name: string): string | null {
  const value = recipient.properties[name];
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

/** What the recipient has stored for the channel, under its id. */
export function getChannelData(recipient: Recipient, channel: Channel): JsonObject {
  return recipient.channel_data[channel.id] ?? {};
}
