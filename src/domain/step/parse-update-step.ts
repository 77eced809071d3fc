import { isJsonObject, type Json } from "../../util/json.js";
import { TENANTS, USERS } from "../recipient/recipient.js";
import { idFault } from "../recipient/recipient-id.js";
import { object, oneOf, type Shape, text } from "../shape/shape.js";
import { checked, type StepContext, type StepParser } from "./step-context.js";
import { filledText, hasLiquid, maybeText } from "./step-shapes.js";
import type {
  UpdateAudienceStep,
  UpdateDataStep,
  UpdateObjectStep,
  UpdateTenantStep,
  UpdateUserStep,
} from "./step-types.js";

/** Undefined for what is no JSON. */
function decoded(value: string): Json | undefined {
  try {
    return JSON.parse(value) as Json;
  } catch {
    return undefined;
  }
}

/** A JSON object as text, or Liquid, of which only the rendered text can be judged (F-051, F-061). */
const objectText: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const json = decoded(value);
  if (isJsonObject(json) || (json === undefined && hasLiquid(value))) return true;
  complain(path, "must be a JSON object as text, or a Liquid template that gives one");
  return false;
};

const GID = "gid://Object/";

/** What is wrong with `<collection>/<id>`; with Liquid in it, only that both are there. */
function referenceFault(reference: string): boolean {
  const slash = reference.indexOf("/");
  const [collection, id] = [reference.slice(0, slash), reference.slice(slash + 1)];
  if (slash < 1 || id === "" || collection.startsWith("$")) return true;
  return !hasLiquid(reference) && (idFault(collection) !== null || idFault(id) !== null);
}

/** The gid of a user or tenant, or with `collection` null of an object (F-051). */
function gid(collection: string | null): Shape<string> {
  const start = collection === null ? GID : `${GID}${collection}/`;
  return (value, path, complain): value is string => {
    if (!text(value, path, complain)) return false;
    const rest = value.startsWith(start) ? value.slice(start.length) : "";
    const fault =
      collection === null ? referenceFault(rest) : idFault(rest) !== null && (rest === "" || !hasLiquid(rest));
    if (fault) complain(path, `must be ${start}${collection === null ? "<collection>/" : ""}<id>`);
    return !fault;
  };
}

const dataSettings = object({ data: objectText });

/** E-322. */
export const parseUpdateDataStep: StepParser<UpdateDataStep> = (raw, base, path, { complain }) => {
  const settings = checked(dataSettings, raw.settings, [...path, "settings"], complain);
  return settings && { ...base, type: "update_data", settings: { data: settings.data } };
};

const recipientSettings = object({
  recipient_mode: oneOf(["current", "reference"]),
  recipient_gid: maybeText,
  update_properties: objectText,
});

function parseRecipientSettings(
  value: unknown,
  path: PropertyKey[],
  collection: string,
  { complain }: StepContext,
): UpdateUserStep["settings"] | null {
  const settings = checked(recipientSettings, value, path, complain);
  if (settings === null) return null;
  const { recipient_mode, update_properties } = settings;
  if (recipient_mode === "current") return { recipient_mode, recipient_gid: null, update_properties };
  const recipient_gid = checked(
    gid(collection),
    settings.recipient_gid ?? undefined,
    [...path, "recipient_gid"],
    complain,
  );
  return { recipient_mode, recipient_gid, update_properties };
}

/** E-324. */
export const parseUpdateUserStep: StepParser<UpdateUserStep> = (raw, base, path, context) => {
  const settings = parseRecipientSettings(raw.settings, [...path, "settings"], USERS, context);
  return settings && { ...base, type: "update_user", settings };
};

/** E-324. */
export const parseUpdateTenantStep: StepParser<UpdateTenantStep> = (raw, base, path, context) => {
  const settings = parseRecipientSettings(raw.settings, [...path, "settings"], TENANTS, context);
  return settings && { ...base, type: "update_tenant", settings };
};

const objectSettings = object({ recipient_gid: gid(null), update_properties: objectText });

/** E-330. */
export const parseUpdateObjectStep: StepParser<UpdateObjectStep> = (raw, base, path, { complain }) => {
  const settings = checked(objectSettings, raw.settings, [...path, "settings"], complain);
  if (settings === null) return null;
  const { recipient_gid, update_properties } = settings;
  return { ...base, type: "update_object", settings: { recipient_gid, update_properties } };
};

const audienceSettings = object({ action: oneOf(["add", "remove"]), audience_key: filledText });

/** E-332, E-333. */
export const parseUpdateAudienceStep: StepParser<UpdateAudienceStep> = (raw, base, path, context) => {
  const settings = checked(audienceSettings, raw.settings, [...path, "settings"], context.complain);
  if (settings === null) return null;
  const { action, audience_key } = settings;
  if (action === "add" && audience_key === context.triggerAudience)
    context.complain(
      [...path, "settings", "audience_key"],
      `is the audience that triggers this workflow: nobody can be added to "${audience_key}" here`,
    );
  return { ...base, type: "update_audience", settings: { action, audience_key } };
};
