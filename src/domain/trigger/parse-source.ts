import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import type { Complain } from "../shape/complain.js";
import { placeOf } from "../shape/place.js";
import { anything, flag, list, object, oneOf, optional, record, type Shape, text, textUpTo } from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import { ACTION_PARAMETERS, ACTION_TYPES, type ActionType, type Source, type SourceMapping } from "./source.js";

const dottedPath: Shape<string> = (value, path, complain): value is string => {
  if (!text(value, path, complain)) return false;
  const ok = value !== "" && !value.split(".").includes("");
  if (!ok) complain(path, "must be a dotted path such as data.user.id");
  return ok;
};

/** What the service does with an event before it is mapped, and nothing here can. */
const absent =
  (why: string): Shape<unknown> =>
  (value, path, complain): value is unknown => {
    if (value === undefined || value === null || value === false || value === "") return true;
    complain(path, why);
    return false;
  };

const settingsShape = object(
  {
    event_type_path: optional(dottedPath),
    timestamp_path: optional(dottedPath),
    idempotency_key_path: optional(dottedPath),
    user_id_path: optional(dottedPath),
    enforce_idempotency: optional(flag),
    handle_identifies: optional(flag),
    enforce_verification: absent("cannot be had here: events are taken from whoever sends them"),
    preprocess_script: absent("cannot be run here: map the event as it comes"),
  },
  { closed: true },
);

const mappingShape = object(
  {
    event_type: filledText,
    action_type: oneOf(ACTION_TYPES),
    action_parameters: optional(record(anything)),
    active: optional(flag),
  },
  { closed: true },
);

const sourceShape = object(
  {
    name: optional(textUpTo(255)),
    description: optional(textUpTo(280)),
    settings: optional(settingsShape),
    mappings: optional(list(mappingShape)),
  },
  { closed: true },
);

/** An action's parameters by name, whether or not an event has what they point to (E-402). */
export function checkParameters(
  type: ActionType,
  parameters: JsonObject,
  path: PropertyKey[],
  complain: Complain,
  given: readonly string[] = [],
): void {
  const { required, optional: others } = ACTION_PARAMETERS[type];
  const known = [...required, ...others].filter((name) => !given.includes(name));
  for (const [name, value] of Object.entries(parameters)) {
    if (known.includes(name)) {
      if (typeof value === "string") checked(dottedPath, value, [...path, name], complain);
      continue;
    }
    const near = nearest(name, known);
    complain([...path, name], `is no parameter of ${type}${near === undefined ? "" : `; did you mean "${near}"?`}`);
  }
  for (const name of required)
    if (parameters[name] === undefined && !given.includes(name))
      complain([...path, name], `is required for ${type} (a path into the event, or { "value": … })`);
}

/**
 * `source.json` (section 17 of the format, decision 18). Its form is this project's own, so that what it does not have is
 * refused. Throws `project_invalid` with a pointer per fault.
 */
export function parseSource(key: string, raw: unknown, file: string): Source {
  const details: ErrorDetail[] = [];
  const complain: Complain = (path, message) => {
    details.push({ pointer: pointerOf(path), message });
  };
  const own = isJsonObject(raw)
    ? Object.fromEntries(Object.entries(raw).filter(([name]) => name !== "$schema" && !name.startsWith("__")))
    : (raw as Json);
  const value = checked(sourceShape, own, [], complain);
  const mappings = (value?.mappings ?? []).map(
    ({ event_type, action_type, action_parameters, active }, index): SourceMapping => {
      const parameters = (action_parameters as JsonObject | null | undefined) ?? {};
      checkParameters(action_type, parameters, ["mappings", index, "action_parameters"], complain);
      return { event_type, action_type, action_parameters: parameters, active: active ?? true };
    },
  );
  const settings = value?.settings;
  if (settings?.enforce_idempotency === true && !settings.idempotency_key_path)
    complain(["settings", "idempotency_key_path"], "is required where enforce_idempotency is true");
  const [first, ...rest] = details;
  if (value !== null && first === undefined)
    return {
      key,
      name: value.name ?? key,
      settings: {
        event_type_path: settings?.event_type_path ?? "type",
        timestamp_path: settings?.timestamp_path ?? null,
        idempotency_key_path: settings?.idempotency_key_path ?? null,
        enforce_idempotency: settings?.enforce_idempotency ?? false,
        user_id_path: settings?.user_id_path ?? "user_id",
        handle_identifies: settings?.handle_identifies ?? false,
      },
      mappings,
    };
  throw new KnockError(
    "project_invalid",
    `${file}: ${first ? `${placeOf(first.pointer)} ${first.message}` : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    {
      details,
      hint: "A source has name, settings (event_type_path, idempotency_key_path, …) and mappings (event_type, action_type, action_parameters, active).",
    },
  );
}
