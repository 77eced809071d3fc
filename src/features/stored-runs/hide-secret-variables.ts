import type { Environment } from "../../domain/environment/environment.js";
import { resolveSecretVariables } from "../../domain/environment/secret-variables.js";
import { isJsonObject, type Json, type JsonObject } from "../../util/json.js";

/** The text in place of a secret. It has no characters that URLs or HTML escape. */
export const SECRET_STAND_IN = "redacted";

function hideTexts(value: Json): Json {
  if (Array.isArray(value)) return value.map(hideTexts);
  if (!isJsonObject(value)) return typeof value === "string" || typeof value === "number" ? SECRET_STAND_IN : value;
  return Object.fromEntries(Object.entries(value).map(([name, child]) => [name, hideTexts(child)])) as JsonObject;
}

/** Returns variables of the same form as the secret ones of an environment, without their texts and numbers. */
export function hideSecretVariables(
  environment: Environment,
  env: Readonly<Record<string, string | undefined>>,
): JsonObject {
  const { secret_variables } = resolveSecretVariables(environment, (name) => env[name]);
  return hideTexts(secret_variables) as JsonObject;
}
