import { stableStringify } from "../../../util/json.js";
import { chargeContent, chargeLength } from "./charge-memory.js";
import type { FilterThis } from "./render-services.js";

/** Returns a text that two values have in common only if they are equal. Lists and maps are equal by content. */
export function toIdentity(filter: FilterThis, value: unknown): string {
  if (typeof value === "object" && value !== null) chargeContent(filter, value);
  return stableStringify(value ?? null);
}

/** The memory of an identity in a set, in characters. */
const IDENTITY_SIZE = 40;

/** The identities of values that a filter remembers. */
export class IdentitySet {
  private readonly identities = new Set<string>();

  constructor(private readonly filter: FilterThis) {}

  /** Adds a value. Returns false if the set contains an equal one with the same prefix. */
  add(value: unknown, prefix = ""): boolean {
    const identity = `${prefix} ${toIdentity(this.filter, value)}`;
    if (this.identities.has(identity)) return false;
    chargeLength(this.filter, IDENTITY_SIZE + identity.length);
    this.identities.add(identity);
    return true;
  }

  delete(value: unknown): boolean {
    return this.identities.delete(` ${toIdentity(this.filter, value)}`);
  }
}
