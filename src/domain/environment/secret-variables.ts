import { findNearest } from "../../util/find-nearest.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { collectTexts } from "../../util/redact-secrets.js";
import { describeUnknownKey } from "../findings/describe-finding.js";
import type { ReportFinding } from "../findings/report-finding.js";
import type { Environment } from "./environment.js";

/** Returns the environment variable that a setting such as `"$SMTP_PASSWORD"` refers to, or null for a plain value. */
export function parseVariableReference(value: unknown): string | null {
  return typeof value === "string" ? (/^\$([A-Za-z_][A-Za-z0-9_]*)$/.exec(value)?.[1] ?? null) : null;
}

/** Returns the value of text that is JSON, and other text unchanged (E-083). */
function parseVariableValue(text: string): Json {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Returns whether a value has the form `{ "value": …, "secret": … }`, which declares whether a variable is secret. */
function isVariableDeclaration(value: unknown): value is { value: Json; secret: unknown } {
  return isJsonObject(value) && "secret" in value && "value" in value && Object.keys(value).length === 2;
}

/** Returns a key next to "value" that probably misspells "secret". A typo must not make a secret value public. */
function findMisspelledSecretKey(value: unknown): string | undefined {
  if (!isJsonObject(value) || !("value" in value) || Object.keys(value).length !== 2) return undefined;
  return Object.keys(value).find((key) => key !== "secret" && findNearest(key, ["secret"]) !== undefined);
}

/** Checks the variables of `environment.json`. A secret variable must name an environment variable (E-084). */
export function checkVariables(variables: unknown, report: ReportFinding): void {
  if (!isJsonObject(variables)) return;
  for (const [name, variable] of Object.entries(variables)) {
    const misspelled = findMisspelledSecretKey(variable);
    if (misspelled !== undefined) report([name, misspelled], describeUnknownKey(misspelled, "secret"));
    if (!isVariableDeclaration(variable) || variable.secret === false) continue;
    if (variable.secret !== true) report([name, "secret"], "must be true or false");
    else if (parseVariableReference(variable.value) === null)
      report(
        [name, "value"],
        `is secret and must name an environment variable, such as "$${name.toUpperCase()}": never write it here`,
      );
  }
}

/** Adds a checked variable to the environment: its value, or for a secret one the name of its environment variable. */
export function addVariable(environment: Environment, name: string, variable: Json): void {
  const { value, secret } = isVariableDeclaration(variable) ? variable : { value: variable, secret: false };
  if (secret) environment.secret_references[name] = parseVariableReference(value) ?? "";
  else environment.variables[name] = typeof value === "string" ? parseVariableValue(value) : value;
}

const resolvedEnvironments = new WeakMap<Environment, Environment>();

/**
 * Returns an environment with the values of its secret variables, for templates only. `variables` does not contain
 * them, so that code which shows variables cannot show a secret. The value of an unset environment variable is an empty
 * string.
 */
export function resolveSecretVariables(
  environment: Environment,
  readVariable: (name: string) => string | undefined,
): Environment {
  const references = Object.entries(environment.secret_references);
  if (references.length === 0) return environment;
  const known = resolvedEnvironments.get(environment);
  if (known !== undefined) return known;
  const secret_variables: Record<string, Json> = {};
  const secrets = new Set<string>();
  for (const [name, variable] of references) {
    const text = readVariable(variable) ?? "";
    const value = parseVariableValue(text);
    secret_variables[name] = value;
    for (const secret of [...collectTexts(text), ...collectTexts(value)]) secrets.add(secret);
  }
  const result = { ...environment, secret_variables, secrets: [...secrets].sort((a, b) => b.length - a.length) };
  resolvedEnvironments.set(environment, result);
  return result;
}

/**
 * Returns a warning for each secret variable whose environment variable is not set. Templates render it as an empty
 * string.
 */
export function collectUnsetSecretWarnings(
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
