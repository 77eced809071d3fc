import type { ResourceRef } from "../../../domain/resource/resource-types.js";
import type { AccountScope } from "../emulator/account.js";

/** The part of an engine that follows an account. */
export interface AccountEngine {
  /** Applies changes of the account. */
  reload(): void;
  /** Returns whether the working content of a resource of development is known to be valid. */
  isKnownValid(ref: ResourceRef): boolean;
  /** Returns the name of the branch under which the engine runs the latest content of a scope; undefined for its own content. */
  getRunBranch(scope: AccountScope): string | undefined;
}
