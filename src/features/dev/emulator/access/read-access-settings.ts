import type { AccessSettings } from "../../../../domain/environment/environment.js";
import type { EmulatorOptions } from "../emulator-options.js";

/** Returns the access rules of the environment with the signing key itself. The policy of a public API takes precedence. */
export async function readAccessSettings({
  environment,
  readVariable,
  publicApi,
}: Pick<EmulatorOptions, "environment" | "readVariable" | "publicApi">): Promise<AccessSettings> {
  const { access: written } = await environment();
  const access = publicApi === undefined ? written : { ...written, enhanced_security: publicApi.requiresUserTokens };
  const { signing_key: key } = access;
  return key?.startsWith("$") ? { ...access, signing_key: readVariable(key.slice(1)) || null } : access;
}
