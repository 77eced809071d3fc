import { type RecipientKey, splitKey, USERS } from "../../domain/recipient/recipient.js";
import type { LocalOperations, Operations } from "../../ports/operations.js";
import type { ResourceOperations } from "../../ports/resources.js";
import { didYouMean } from "../../util/nearest.js";
import type { CommandContext } from "../context.js";

const MOST_NAMES = 50;

/** Somebody named who was never identified: `user "graec"`, and who may be meant, a sentence out of the newest fifty. */
export interface Stranger {
  who: string;
  near: string | null;
}

/** Null for who is known. */
export async function strangerOf(
  key: RecipientKey,
  { users, objects }: Pick<ResourceOperations, "users" | "objects">,
): Promise<Stranger | null> {
  const { collection, id } = splitKey(key);
  const isUser = collection === USERS;
  const found = isUser ? await users.read(id) : await objects.read(collection, id);
  if (found !== null) return null;
  const page = { limit: MOST_NAMES };
  const { items } = await (isUser ? users.list(page) : objects.list(collection, page));
  const names = items.map((item) => String(item.id));
  const near = didYouMean(id, names, isUser ? "Users" : "Objects");
  return {
    who: isUser ? `user "${id}"` : `object "${collection}/${id}"`,
    near: near === undefined ? null : near.replace(/[^.?]$/, "$&."),
  };
}

/** Under an empty list: that nobody is known by the recipient's id it was narrowed to. */
export async function noteStranger(
  key: RecipientKey | undefined,
  resources: ResourceOperations | null,
  { output }: CommandContext,
): Promise<void> {
  const stranger = key === undefined || resources === null ? null : await strangerOf(key, resources);
  if (stranger === null) return;
  output.note(`note: ${stranger.who} was never identified.${stranger.near === null ? "" : ` ${stranger.near}`}`);
}

/** Only the local target can be asked. */
export function localResources(operations: Operations): ResourceOperations | null {
  return operations.target === "local" ? (operations as LocalOperations).resources : null;
}
