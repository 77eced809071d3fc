import type { Environment } from "../../domain/environment/environment.js";
import { LINK_SECRET } from "../../domain/message/link-token.js";
import type { StoreControl } from "../../ports/store-control.js";
import type { EngineContext } from "./engine-context.js";

/** Returns the key that signs links. Null without a tracking URL, because no link works then. */
export async function readLinkKey(
  { ids, store }: Pick<EngineContext<Pick<StoreControl, "readSecret">>, "ids" | "store">,
  { tracking }: Pick<Environment, "tracking">,
): Promise<string | null> {
  return tracking === null ? null : (ids.linkKey ?? store.readSecret(LINK_SECRET));
}
