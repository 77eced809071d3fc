import type { EnvironmentVariables } from "./credentials.js";

/** Variables with keys of the API, which only commands of the user need. */
const KEY_VARIABLES: ReadonlySet<string> = new Set(["KNOCK_API_KEY", "KNOCK_SERVICE_TOKEN", "KNOCK_SIGNING_KEY"]);

/** Returns the environment for a program that needs no key, such as git or a browser. */
export function removeKeys(env: EnvironmentVariables): EnvironmentVariables {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !KEY_VARIABLES.has(name.toUpperCase())));
}
