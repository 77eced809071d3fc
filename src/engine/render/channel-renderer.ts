import type { Channel } from "../../domain/environment/environment.js";
import { hasLiquid } from "../../domain/environment/provider-catalogue.js";
import type { Recipient } from "../../domain/recipient/recipient.js";
import { messageOf } from "../../errors/knock-error.js";
import type { Json, JsonObject } from "../../util/json.js";
import { isJsonObject } from "../../util/json.js";
import type { UserLookup } from "../context/need.js";
import { type CompileText, RenderError, type RenderScope, renderText, type Text } from "../liquid/liquid.js";

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
  lookup?: UserLookup;
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
  destinations(context: RenderContext): Destination[];
  /** What the recipient lacks, for the reason's detail. */
  needs: string;
  /** The API's content document `data`. Throws RenderError. */
  render(context: RenderContext, destination: Destination): JsonObject;
}

/** Strings of a template object: compiled where set, null where absent. */
export class TemplateReader {
  constructor(
    private readonly template: JsonObject,
    private readonly compile: CompileText,
    private readonly place: string,
  ) {}

  text(name: string): Text | null {
    const source = this.template[name];
    return typeof source === "string" ? this.compile(source, `${this.place}.${name}`) : null;
  }

  /** How errors name a field. */
  placeOf(name: string): string {
    return `${this.place}.${name}`;
  }

  /** The source as written. */
  source(name: string): string {
    const value = this.template[name];
    return typeof value === "string" ? value : "";
  }

  section(name: string): TemplateReader {
    const value = this.template[name];
    return new TemplateReader(isJsonObject(value) ? value : {}, this.compile, `${this.place}.${name}`);
  }

  list(name: string): TemplateReader[] {
    const value = this.template[name];
    if (!Array.isArray(value)) return [];
    return value.map(
      (item, index) =>
        new TemplateReader(isJsonObject(item) ? item : {}, this.compile, `${this.place}.${name}[${index}]`),
    );
  }

  value(name: string): Json | undefined {
    return this.template[name];
  }
}

/** Rendered text that must be JSON (T-094), `what` being its place. Null for blank text. */
export function renderJson(text: Text | null, scope: RenderScope, what: string): JsonObject | null {
  const rendered = text?.(scope).trim() ?? "";
  if (rendered === "") return null;
  let value: unknown;
  try {
    value = JSON.parse(rendered);
  } catch (error) {
    throw new RenderError(`${what} is not valid JSON once rendered: ${messageOf(error)}`, { cause: error });
  }
  if (!isJsonObject(value)) throw new RenderError(`${what} must be a JSON object once rendered`);
  return value;
}

/** A channel's own setting: text, with Liquid where it has some (CH-080, T-134). */
export function channelSetting(name: string, { channel, scope }: RenderContext): string | null {
  const value = Object.hasOwn(channel.settings, name) ? channel.settings[name] : undefined;
  if (typeof value !== "string" || value === "") return null;
  if (!hasLiquid(value)) return value;
  return renderText(value, scope).trim() || null;
}

/** A push's or a text message's overrides: the template's, else the channel's (E-182); null for none. */
export function payloadOverrides(own: Text | null, context: RenderContext, place: string): JsonObject | null {
  const declared = (): string => channelSetting("payload_overrides", context) ?? "";
  return (
    renderJson(own, context.scope, place) ?? renderJson(declared, context.scope, "the channel's payload_overrides")
  );
}

export function textProperty(recipient: Recipient, name: string): string | null {
  const value = recipient.properties[name];
  return typeof value === "string" && value.trim() !== "" ? value : null;
}

/** What the recipient has stored for the channel, under its id. */
export function channelData(recipient: Recipient, channel: Channel): JsonObject {
  return recipient.channel_data[channel.id] ?? {};
}
