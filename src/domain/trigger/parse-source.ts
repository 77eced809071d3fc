import { type ErrorDetail, KnockError } from "../../errors/knock-error.js";
import { isJsonObject, type Json, type JsonObject, pointerOf } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { variableOf } from "../environment/provider-catalogue.js";
import type { Complain } from "../shape/complain.js";
import { describeFault } from "../shape/place.js";
import {
  anything,
  flag,
  list,
  object,
  oneOf,
  optional,
  record,
  type Shape,
  type Shaped,
  text,
  textUpTo,
} from "../shape/shape.js";
import { checked } from "../step/step-context.js";
import { filledText } from "../step/step-shapes.js";
import {
  ACTION_PARAMETERS,
  ACTION_TYPES,
  type ActionType,
  parameterName,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ENCODINGS,
  type Source,
  type SourceMapping,
  type SourceVerification,
} from "./source.js";

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

const verificationShape = object(
  {
    scheme: optional(oneOf(["hmac", "secret"] as const)),
    header: optional(filledText),
    algorithm: optional(oneOf(SIGNATURE_ALGORITHMS)),
    encoding: optional(oneOf(SIGNATURE_ENCODINGS)),
    prefix: optional(text),
    secret: filledText,
  },
  { closed: true },
);

const settingsShape = object(
  {
    event_type_path: optional(dottedPath),
    timestamp_path: optional(dottedPath),
    idempotency_key_path: optional(dottedPath),
    user_id_path: optional(dottedPath),
    enforce_idempotency: optional(flag),
    handle_identifies: optional(flag),
    enforce_verification: optional(flag),
    verification: optional(verificationShape),
    preprocess_script: absent(
      'is not supported: scripts are not run here. Map the event as it comes, and check signatures with "verification"',
    ),
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

/** The header's defaults are those of the service: `X-Knock-Signature` for a signature, `x-webhook-secret` for a secret. */
function verificationOf(raw: Shaped<typeof verificationShape> | null, complain: Complain): SourceVerification | null {
  if (raw === null) return null;
  const variable = variableOf(raw.secret);
  if (variable === null)
    complain(
      ["settings", "verification", "secret"],
      'must name an environment variable, such as "$BILLING_SECRET": never write the secret here',
    );
  const scheme = raw.scheme ?? "hmac";
  return {
    scheme,
    header: (raw.header ?? (scheme === "hmac" ? "x-knock-signature" : "x-webhook-secret")).toLowerCase(),
    algorithm: raw.algorithm ?? "sha256",
    encoding: raw.encoding ?? "hex",
    prefix: raw.prefix ?? "",
    variable: variable ?? "",
  };
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
      const given = (action_parameters as JsonObject | null | undefined) ?? {};
      const parameters = Object.fromEntries(
        Object.entries(given).map(([name, value]) => [parameterName(action_type, name), value]),
      );
      checkParameters(action_type, parameters, ["mappings", index, "action_parameters"], complain);
      return { event_type, action_type, action_parameters: parameters, active: active ?? true };
    },
  );
  const settings = value?.settings;
  if (settings?.enforce_idempotency === true && !settings.idempotency_key_path)
    complain(["settings", "idempotency_key_path"], "is required where enforce_idempotency is true");
  const verification = verificationOf(settings?.verification ?? null, complain);
  if (settings?.enforce_verification === true && !settings.verification)
    complain(
      ["settings", "verification"],
      'is required where enforce_verification is true, for example { "header": "x-signature", "secret": "$BILLING_SECRET" }',
    );
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
        verification: settings?.enforce_verification === false ? null : verification,
      },
      mappings,
    };
  throw new KnockError(
    "project_invalid",
    `${file}: ${first ? describeFault(first) : "not valid"}${rest.length > 0 ? ` (and ${rest.length} more)` : ""}`,
    {
      details,
      hint: "A source has name, settings (event_type_path, idempotency_key_path, verification, …) and mappings (event_type, action_type, action_parameters, active).",
    },
  );
}
