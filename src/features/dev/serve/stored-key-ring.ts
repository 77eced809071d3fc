import type { StoreControl } from "../../../ports/store-control.js";
import type { KeyRing } from "../emulator/access/authenticate.js";
import { ApiError } from "../emulator/http/api-error.js";
import { digestKey, readStoredKeys } from "./stored-keys.js";

/** How long the keys are remembered, and so how long a revoked key stays valid. */
const MAX_AGE_MS = 2_000;

type StoredKeys = Awaited<ReturnType<typeof readStoredKeys>>;

/** The keys of an environment in the store, which all instances share. */
export class StoredKeyRing implements KeyRing {
  private keys: { read_at: number; found: Promise<StoredKeys> } | undefined;

  constructor(
    private readonly store: Pick<StoreControl, "readText" | "replaceText">,
    private readonly environment: string,
    private readonly now: () => number = Date.now,
  ) {}

  async check(key: string): Promise<{ id: string }> {
    const digest = digestKey(key);
    const found = (await this.readKeys()).find((stored) => [stored.digest, stored.previous_digest].includes(digest));
    if (found === undefined) throw new ApiError(401, "api_key_missing", "Invalid API key");
    if (found.environment !== this.environment)
      throw new ApiError(401, "api_key_missing", "Invalid API key: it belongs to another environment");
    const isPrevious = found.digest !== digest;
    if (found.revoked_at !== null) throw new ApiError(401, "api_key_expired", "The API key was revoked");
    if (isPrevious && Date.parse(found.previous_valid_until ?? "") <= this.now())
      throw new ApiError(401, "api_key_expired", "The API key was rotated, and the previous one has expired");
    return { id: found.id };
  }

  private readKeys(): Promise<StoredKeys> {
    // A clock that is set back must not keep revoked keys valid.
    const at = performance.now();
    if (this.keys === undefined || at - this.keys.read_at > MAX_AGE_MS) {
      const found = readStoredKeys(this.store);
      this.keys = { read_at: at, found };
      // The next request reads again.
      found.catch(() => {
        this.keys = undefined;
      });
    }
    return this.keys.found;
  }
}
