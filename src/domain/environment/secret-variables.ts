import { isJsonObject, type Json } from "../../util/json.js";
import { nearest } from "../../util/nearest.js";
import { textsIn } from "../../util/redact-secrets.js";
import type { Complain } from "../shape/complain.js";
import { describeUnknownKey } from "../shape/place.js";
import type { Environment } from "./environment.js";
import { variableOf } from "./provider-catalogue.js";

/** Text that is JSON becomes its value, other text stays text (E-083). */
function variableValue(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return text;
  }
}

/** `{ "value": …, "secret": … }`, the form of a variable that says whether it is secret. */
function isDeclaration(value: unknown): value is { value: Json; secret: unknown } {
  return isJsonObject(value) && "secret" in value && "value" in value && Object.keys(value).length === 2;
}

/** Returns the key that is probably a misspelled "secret" beside "value": its value must not become public by a typing mistake. */
function misspelledSecret(value: unknown): string | undefined {
  if (!isJsonObject(value) || !("value" in value) || Object.keys(value).length !== 2) return undefined;
  return Object.keys(value).find((key) => key !== "secret" && nearest(key, ["secret"]) !== undefined);
}

/** Checks the variables of `environment.json`: a secret one names an environment variable (E-084). */
export function checkVariables(variables: unknown, fault: Complain): void {
  if (!isJsonObject(variables)) return;
  for (const [name, given] of Object.entries(variables)) {
    const misspelled = misspelledSecret(given);
    if (misspelled !== undefined) fault([name, misspelled], describeUnknownKey(misspelled, "secret"));
    if (!isDeclaration(given) || given.secret === false) continue;
    if (given.secret !== true) fault([name, "secret"], "must be true or false");
    else if (variableOf(given.value) === null)
      fault(
        [name, "value"],
        `is secret and must name an environment variable, such as "$${name.toUpperCase()}": never write it here`,
      );
  }
}

/** Adds a checked variable to the environment: its value, or the environment variable that a secret one refers to. */
export function addVariable(environment: Environment, name: string, given: Json): void {
  const { value, secret } = isDeclaration(given) ? given : { value: given, secret: false };
  if (secret) environment.secret_references[name] = variableOf(value) ?? "";
  else environment.variables[name] = typeof value === "string" ? variableValue(value) : value;
}

const resolved = new WeakMap<Environment, Environment>();

/**
 * Lays the values of secret variables over an environment, for templates alone. `variables` stays without them, so that nothing
 * that shows an environment's variables can show a secret one. One that is not set is empty.
 */
export function withSecretValues(
  environment: Environment,
  readVariable: (name: string) => string | undefined,
): Environment {
  const references = Object.entries(environment.secret_references);
  if (references.length === 0) return environment;
  const known = resolved.get(environment);
  if (known !== undefined) return known;
  const secret_variables: Record<string, Json> = {};
  const secrets = new Set<string>();
  for (const [name, variable] of references) {
    const text = readVariable(variable) ?? "";
    const value = variableValue(text);
    secret_variables[name] = value;
    for (const one of [...textsIn(text), ...textsIn(value)]) secrets.add(one);
  }
  const result = { ...environment, secret_variables, secrets: [...secrets].sort((a, b) => b.length - a.length) };
  resolved.set(environment, result);
  return result;
}

/** Warns of secret variables whose environment variable is not set: templates see an empty text. */
export function unsetSecrets(
  { secret_references }: Environment,
  readVariable: (name: string) => string | undefined,
): string[] {
  return Object.entries(secret_references)
    .filter(([, variable]) => !readVariable(variable))
    .map(
      ([name, variable]) =>
        `environment.json: variables.${name} is empty: the environment variable ${variable} is not set`,
    );
}
