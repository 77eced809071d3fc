import type { ProfileService } from "../../commands/services.js";
import { redactApiKey } from "../../domain/trigger/api-request.js";
import type { Credentials } from "../credentials.js";

/** Returns the stored profiles for display, with API keys redacted except for their prefix. */
export function createProfileService(store: Credentials): ProfileService {
  return {
    path: store.path,
    list: () =>
      store.listProfiles().map((name) => {
        const { profile } = store.readProfile(name);
        const { api_key, base_url = null, branch = null, target = null } = profile ?? {};
        return {
          name,
          is_default: store.readDefaultProfileName() === name,
          api_key: api_key === undefined ? null : redactApiKey(api_key),
          base_url,
          branch,
          target,
        };
      }),
    write: (name, change) => store.writeProfile(name, change),
    delete: (name) => store.deleteProfile(name),
    getDefaultName: () => store.readDefaultProfileName(),
    setDefault: (name) => store.writeDefaultProfileName(name),
  };
}
