import { isJsonObject, type JsonObject } from "../../util/json.js";
import { parseVariableReference } from "../environment/secret-variables.js";
import { checkJsonShape } from "../findings/check-json-shape.js";
import { checkClosedDocument } from "../schema/check-document.js";
import { DocumentFindings } from "../schema/document-findings.js";
import { resolveParameterName, type Source, type SourceVerification } from "./source.js";
import { type SourceFile, sourceSchema } from "./source-schema.js";

type VerificationFile = NonNullable<NonNullable<SourceFile["settings"]>["verification"]>;

/**
 * Returns the verification with the service's defaults: the header is `X-Knock-Signature` for a signature, and
 * `x-webhook-secret` for a secret.
 */
function toVerification(file: VerificationFile): SourceVerification {
  const scheme = file.scheme ?? "hmac";
  return {
    scheme,
    header: (file.header ?? (scheme === "hmac" ? "x-knock-signature" : "x-webhook-secret")).toLowerCase(),
    algorithm: file.algorithm ?? "sha256",
    encoding: file.encoding ?? "hex",
    prefix: file.prefix ?? "",
    variable: parseVariableReference(file.secret) ?? "",
  };
}

const HINT =
  "A source has name, settings (event_type_path, idempotency_key_path, verification, …) and mappings (event_type, action_type, action_parameters, active).";

/**
 * Parses a `source.json` (section 17 of the format, decision 18). Unknown keys are errors, because this project owns
 * the format. Throws `project_invalid` with one pointer per finding.
 */
export function parseSource(key: string, raw: unknown, file: string): Source {
  const findings = new DocumentFindings();
  checkJsonShape(raw, file, "project_invalid");
  const document = isJsonObject(raw)
    ? Object.fromEntries(Object.entries(raw).filter(([name]) => !name.startsWith("__")))
    : raw;
  const value = checkClosedDocument(sourceSchema(), document, findings.add);
  if (value === null) throw findings.toError(file, "project_invalid", () => HINT);
  const settings = value.settings ?? {};
  const { verification } = settings;
  return {
    key,
    name: value.name ?? key,
    settings: {
      event_type_path: settings.event_type_path ?? "type",
      timestamp_path: settings.timestamp_path ?? null,
      idempotency_key_path: settings.idempotency_key_path ?? null,
      enforce_idempotency: settings.enforce_idempotency ?? false,
      user_id_path: settings.user_id_path ?? "user_id",
      handle_identifies: settings.handle_identifies ?? false,
      verification: settings.enforce_verification === false || !verification ? null : toVerification(verification),
    },
    mappings: (value.mappings ?? []).map(({ event_type, action_type, action_parameters, active }) => ({
      event_type,
      action_type,
      action_parameters: Object.fromEntries(
        Object.entries(action_parameters ?? {}).map(([name, value]) => [
          resolveParameterName(action_type, name),
          value,
        ]),
      ) as JsonObject,
      active: active ?? true,
    })),
  };
}
