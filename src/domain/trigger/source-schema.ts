import * as z from "zod/mini";
import { isJsonObject } from "../../util/json.js";
import { once } from "../../util/once.js";
import { parseVariableReference } from "../environment/secret-variables.js";
import type { ReportFinding } from "../findings/report-finding.js";
import { discriminatedUnion } from "../schema/discriminated-union.js";
import {
  checkedString,
  choice,
  described,
  flag,
  nonEmptyString,
  optional,
  requiredText,
  rule,
  schemaReference,
  stringUpTo,
  text,
} from "../schema/fields.js";
import {
  ACTION_PARAMETERS,
  ACTION_TYPES,
  type ActionType,
  resolveParameterName,
  SIGNATURE_ALGORITHMS,
  SIGNATURE_ENCODINGS,
} from "./source.js";

const describeInvalidPath = (path: string): string | null =>
  path.split(".").includes("") ? "must be a dotted path such as data.user.id" : null;

const PARAMETER_DESCRIPTIONS: Readonly<Record<string, string>> = {
  user_id: "The ID of the user.",
  collection: "The name of the collection.",
  object_id: "The ID of the object.",
  tenant_id: "The ID of the tenant.",
  properties: "Properties to set.",
  recipients: "Recipients: IDs, references or inline recipients.",
  audience_key: "The key of the audience.",
  workflow_key: "The key of the workflow.",
  cancellation_key: "The cancellation key.",
  actor: "The actor of the event.",
  tenant: "The ID of the tenant.",
  data: "The trigger data (default: the whole event).",
};
/** Examples of parameters that the sample projects do not use. */
const PARAMETER_EXAMPLES: Readonly<Record<string, string>> = {
  actor: "seller.id",
  tenant: "account.id",
  tenant_id: "account.id",
};
const PARAMETER_FORMS = 'A path into the event, { "value": … } for a fixed value, or an object or a list of these.';

/**
 * Returns the schema of an action's parameters, whose strings are paths into the event (E-402). `presetNames` are
 * parameters that do not come from the file.
 */
function buildParametersSchema(type: ActionType, presetNames: readonly string[] = []) {
  const text = z.refine((value) => typeof value !== "string" || describeInvalidPath(value) === null, {
    error: ({ input }) => describeInvalidPath(String(input)) ?? "",
  });
  const parameter = (description: string, example?: string) =>
    described(z.optional(z.unknown().check(text)), description, example);
  const { required, optional: others } = ACTION_PARAMETERS[type];
  const names = [...required, ...others].filter((name) => !presetNames.includes(name));
  const fields = Object.fromEntries(
    names.map((name) => [
      name,
      parameter(`${PARAMETER_DESCRIPTIONS[name]} ${PARAMETER_FORMS}`, PARAMETER_EXAMPLES[name]),
    ]),
  );
  const alias = resolveParameterName(type, "key");
  if (names.includes(alias)) fields.key = parameter(`Alias of ${alias}.`);
  return z.strictObject(fields);
}

function checkRequiredParameters(
  type: ActionType,
  parameters: Readonly<Record<string, unknown>>,
  report: ReportFinding,
  presetNames: readonly string[] = [],
): void {
  const known = new Set([...presetNames, ...Object.keys(parameters).map((name) => resolveParameterName(type, name))]);
  for (const name of ACTION_PARAMETERS[type].required)
    if (!known.has(name)) report([name], `is required for ${type} (a path into the event, or { "value": … })`);
}

const PRESET_PARAMETERS = ["workflow_key"];

/** The schema of a workflow's mapping from an event to the parameters of its trigger (F-025). */
export const triggerMappingSchema = once(() =>
  buildParametersSchema("workflows_trigger", PRESET_PARAMETERS).check(
    rule((mapping, report) => checkRequiredParameters("workflows_trigger", mapping, report, PRESET_PARAMETERS)),
  ),
);

/** The schema of a `source.json` (section 17 of the format, decision 18). It is built when the first source is read. */
export const sourceSchema = once(() => {
  const path = (description: string) => described(optional(checkedString(describeInvalidPath)), description);
  const verification = z.strictObject({
    scheme: choice(
      ["hmac", "secret"],
      "hmac: the header is a signature of the body. secret: the header is the secret itself (default: hmac).",
    ),
    header: described(
      optional(nonEmptyString()),
      "The header to verify (default: x-knock-signature, or x-webhook-secret for the scheme secret).",
      "x-billing-signature",
    ),
    algorithm: choice(SIGNATURE_ALGORITHMS, "The hash of the signature (default: sha256)."),
    encoding: choice(SIGNATURE_ENCODINGS, "The encoding of the signature (default: hex)."),
    prefix: text('Text before the signature in the header, such as "sha256=".'),
    secret: described(
      nonEmptyString().check(
        z.refine((secret) => parseVariableReference(secret) !== null, {
          error: 'must name an environment variable, such as "$BILLING_SECRET": never write the secret here',
        }),
      ),
      'The environment variable that contains the secret, such as "$BILLING_SECRET".',
    ),
  });
  const unsupportedScript = z.union([z.literal(""), z.literal(false)], {
    error:
      'is unsupported: scripts do not run locally. Map the original event, and check signatures with "verification"',
  });
  const settings = z
    .strictObject({
      event_type_path: path("Path to the event's type (default: type)."),
      timestamp_path: path("Path to the event's time (default: the time at which it is received)."),
      idempotency_key_path: path("Path to the key that identifies repeated events (default: no event is a repeat)."),
      user_id_path: path("Path to the ID of the user that the event is about (default: user_id)."),
      enforce_idempotency: flag("Whether to reject events without a valid idempotency key (default: false)."),
      handle_identifies: flag("Whether events of type identify also identify their user by traits (default: false)."),
      enforce_verification: flag("Whether to verify requests (default: true if verification is given)."),
      verification: described(optional(verification), "How the signature of a request is verified."),
      preprocess_script: described(optional(unsupportedScript), "Not supported: scripts are not run locally."),
    })
    .check(
      rule((value, report) => {
        if (value.enforce_idempotency === true && !value.idempotency_key_path)
          report(["idempotency_key_path"], "is required if enforce_idempotency is true");
        if (value.enforce_verification === true && !value.verification)
          report(
            ["verification"],
            'is required if enforce_verification is true, for example { "header": "x-signature", "secret": "$BILLING_SECRET" }',
          );
      }),
    );
  const event_type = requiredText("The type of the events that cause the action.");
  const active = flag("Whether the mapping is used (default: true).");
  const mapping = <T extends ActionType>(type: T) =>
    z
      .strictObject({
        event_type,
        action_type: described(z.literal(type), "The action that the event causes."),
        action_parameters: described(optional(buildParametersSchema(type)), "The parameters of the action."),
        active,
      })
      .check(
        rule(({ action_parameters: parameters = {} }, report) => {
          const reportBelow: ReportFinding = (path, message) => report(["action_parameters", ...path], message);
          if (parameters === null || isJsonObject(parameters))
            checkRequiredParameters(type, parameters ?? {}, reportBelow);
        }),
      );
  const mappings = Object.fromEntries(ACTION_TYPES.map((type) => [type, once(() => mapping(type))]));
  const mappingSchema = discriminatedUnion("action_type", mappings, {
    common: () => z.looseObject({ event_type, active }),
  });
  return described(
    z.strictObject({
      $schema: schemaReference(),
      name: described(optional(stringUpTo(255)), "The display name (default: the key)."),
      description: described(optional(stringUpTo(280)), "The purpose of the source.", "Events of the billing system"),
      settings: described(optional(settings), "How events are read and verified."),
      mappings: described(optional(z.array(mappingSchema)), "The actions that events cause."),
    }),
    "A source: another system whose events identify recipients, change audiences, and trigger or cancel workflows.",
  );
});

/** A checked `source.json`. */
export type SourceFile = z.output<ReturnType<typeof sourceSchema>>;
