import * as z from "zod/mini";
import { isJsonObject, type JsonObject } from "../../util/json.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import { described, rule, text } from "../schema/fields.js";
import { hasLiquid } from "../template/has-liquid.js";
import { getSettings } from "./step-definition.js";

function isJsonObjectText(value: string): boolean {
  try {
    return isJsonObject(JSON.parse(value));
  } catch {
    return hasLiquid(value);
  }
}

/**
 * Returns a required field with a JSON object as text, or with Liquid, which can only be checked after rendering
 * (F-051, F-061).
 */
export const jsonObjectText = (description: string, example?: string) =>
  described(
    z
      .string()
      .check(
        z.refine(isJsonObjectText, { error: "must be a JSON object as text, or a Liquid template that renders one" }),
      ),
    description,
    example,
  );

const OBJECT_GID_PREFIX = "gid://Object/";

/** Returns whether a text is `<collection>/<id>`. If it contains Liquid, both parts must only be present. */
function isObjectReference(reference: string): boolean {
  const slash = reference.indexOf("/");
  const [collection, id] = [reference.slice(0, slash), reference.slice(slash + 1)];
  if (slash < 1 || id === "" || collection.startsWith("$")) return false;
  return hasLiquid(reference) || (describeInvalidId(collection) === null && describeInvalidId(id) === null);
}

/**
 * Returns why a GID is invalid, or null. `collection` is that of users or tenants; null means an object of any
 * collection (F-051).
 */
function describeInvalidGid(value: string, collection: string | null): string | null {
  const start = collection === null ? OBJECT_GID_PREFIX : `${OBJECT_GID_PREFIX}${collection}/`;
  const rest = value.startsWith(start) ? value.slice(start.length) : "";
  const isGid =
    collection === null
      ? isObjectReference(rest)
      : describeInvalidId(rest) === null || (rest !== "" && hasLiquid(rest));
  return isGid ? null : `must be ${start}${collection === null ? "<collection>/" : ""}<id>`;
}

/** Returns a required field with the GID of an object. */
export const objectGid = (description: string) =>
  described(
    z.string().check(
      z.refine((value) => describeInvalidGid(value, null) === null, {
        error: describeInvalidGid("", null) as string,
      }),
    ),
    description,
  );

/** Returns the schema of the settings of a step that updates the user or tenant of the run, or another one (E-324). */
export const recipientSettingsSchema = (collection: string) =>
  z
    .strictObject({
      recipient_mode: described(
        z.enum(["current", "reference"]),
        "current: the run's own. reference: the one in recipient_gid.",
      ),
      recipient_gid: text(
        `${OBJECT_GID_PREFIX}${collection}/<id>. The id can be Liquid.`,
        `${OBJECT_GID_PREFIX}${collection}/{{ data.id }}`,
      ),
      update_properties: jsonObjectText("The properties to merge: a JSON object as text, or Liquid."),
    })
    .check(
      rule(({ recipient_mode, recipient_gid }, report) => {
        if (recipient_mode !== "reference") return;
        const missing = recipient_gid === undefined || recipient_gid === null;
        const message = missing ? "is required (a string)" : describeInvalidGid(String(recipient_gid), collection);
        if (message !== null && (missing || typeof recipient_gid === "string")) report(["recipient_gid"], message);
      }),
    );

interface RecipientSettings {
  recipient_mode: "current" | "reference";
  recipient_gid?: string | null | undefined;
  update_properties: string;
}

/** Returns the settings at run time. `recipient_gid` is null unless it is used. */
export function normalizeRecipientSettings({ recipient_mode, recipient_gid, update_properties }: RecipientSettings) {
  return {
    recipient_mode,
    recipient_gid: recipient_mode === "reference" ? (recipient_gid ?? null) : null,
    update_properties,
  };
}

/** A number that stands for an output of Liquid, so that a template can be read as JSON. */
const OUTPUT = "9007199254740991";

/** Returns the keys of the JSON object that a template renders; null if they depend on the data. */
export function listRenderedKeys(template: string): string[] | null {
  try {
    const value: unknown = JSON.parse(template.replaceAll(/\{\{[^{}]*\}\}/g, OUTPUT));
    const keys = isJsonObject(value) ? Object.keys(value) : null;
    return keys?.every((key) => !hasLiquid(key) && !key.includes(OUTPUT)) ? keys : null;
  } catch {
    return null;
  }
}

/** Roots of the scope whose properties an update step can change for later steps. */
export const RECIPIENT_SCOPES = ["recipient", "actor", "actors", "activities"];

/** Reports a `recipient_gid` that has no effect because of `recipient_mode`. */
export function warnUnusedGid(raw: JsonObject, warn: ReportFinding): void {
  const { recipient_mode, recipient_gid } = getSettings(raw);
  if (recipient_mode === "current" && recipient_gid)
    warn(["settings", "recipient_gid"], 'has no effect: recipient_mode is "current"');
}
