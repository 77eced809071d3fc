import type { Channel } from "../domain/environment/environment.js";
import { parseVariableReference } from "../domain/environment/secret-variables.js";
import { isJsonObject, type JsonObject } from "../util/json.js";
import { parseJsonObject } from "./call-api.js";
import { findProviderDefinition } from "./catalog.js";
import { createPermanentError } from "./delivery-error.js";
import { findSettingValue, type ProviderSetting } from "./vendor-definition.js";

export type Variables = Record<string, string | undefined>;

/** Reads a channel's settings. References to environment variables are resolved at the moment of delivery. */
export class SettingsReader {
  private readonly secretValues = new Set<string>();

  constructor(
    private readonly channel: Channel,
    private readonly variables: Variables,
    private readonly webhookBase?: string,
  ) {}

  /** Values that no failure reason and no event may contain, the longest first. */
  get secrets(): readonly string[] {
    return [...this.secretValues].filter((value) => value.length > 3).sort((a, b) => b.length - a.length);
  }

  /**
   * Returns a setting; null if it is not set. Throws `DeliveryError` if it refers to a variable that is not set, or if the provider
   * does not have its value.
   */
  text(name: string): string | null {
    const value = this.channel.settings[name];
    if (value === undefined || value === null || value === "") return null;
    const setting = findProviderDefinition(this.channel.type, this.channel.provider)?.settings[name];
    const variable = parseVariableReference(value);
    if (variable === null) return this.findValue(name, String(value), setting);
    const resolved = this.variables[variable];
    if (resolved === undefined || resolved === "")
      throw createPermanentError(
        `channel "${this.channel.key}": the environment variable ${variable} is not set (settings.${name} refers to it)`,
      );
    if (setting?.kind === "secret") this.addSecret(resolved);
    return this.findValue(name, resolved, setting);
  }

  /** Returns a value as the provider's list has it. */
  private findValue(name: string, value: string, setting: ProviderSetting | undefined): string {
    if (setting?.values === undefined) return value;
    const known = findSettingValue(setting.values, value);
    if (known !== undefined) return known;
    throw createPermanentError(
      `channel "${this.channel.key}": settings.${name} must be one of ${setting.values.join(", ")}, found ${JSON.stringify(value)}`,
    );
  }

  /** Returns an environment variable that the vendor defines; null if it is not set. */
  variable(name: string): string | null {
    return this.variables[name] || null;
  }

  addSecret(value: string): void {
    this.secretValues.add(value);
  }

  required(name: string): string {
    const value = this.text(name);
    if (value === null) throw createPermanentError(`channel "${this.channel.key}": settings.${name} is not set`);
    return value;
  }

  number(name: string, fallback: number): number {
    const value = this.text(name);
    if (value === null) return fallback;
    const number = Number(value);
    if (!Number.isInteger(number) || number < 1)
      throw createPermanentError(`channel "${this.channel.key}": settings.${name} must be a whole number above 0`);
    return number;
  }

  flag(name: string): boolean | null {
    const value = this.text(name);
    return value === null ? null : value === "true";
  }

  /** Returns a base URL without trailing slashes. */
  url(name: string, fallback: string): string {
    const value = this.text(name) ?? fallback;
    if (!URL.canParse(value) || !/^https?:/i.test(value))
      throw createPermanentError(`channel "${this.channel.key}": settings.${name} is not a URL`);
    return value.replace(/(?<!\/)\/+$/, "");
  }

  /** Returns the URL to which the vendor sends the delivery status of a message; null without one. */
  webhookUrl(): string | null {
    const { key } = this.channel;
    return this.text("webhook_url") ?? (this.webhookBase ? `${this.webhookBase}/v1/providers/${key}/events` : null);
  }

  /** Returns an object, given as an object or as JSON text; null if it is not set. */
  json(name: string): JsonObject | null {
    const value = this.channel.settings[name];
    if (isJsonObject(value)) return value;
    const text = this.text(name);
    if (text === null) return null;
    const object = parseJsonObject(text);
    if (object === null)
      throw createPermanentError(`channel "${this.channel.key}": settings.${name} is not a JSON object`);
    return object;
  }
}
