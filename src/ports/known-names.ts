import { type RecipientKey, splitRecipientKey, USERS } from "../domain/recipient/recipient.js";
import { correctWord, didYouMean, findNearest, type Hint } from "../util/find-nearest.js";
import type { LocalOperations } from "./operations.js";
import type { ResourceOperations } from "./resource-operations.js";

const MAX_CANDIDATES = 50;

/**
 * A recipient that was never identified, such as `user "graec"`, with a sentence that suggests one of the newest 50
 * recipients.
 */
interface UnidentifiedRecipient {
  description: string;
  suggestion: Hint | null;
  /** The nearest existing ID, or null if none is near. */
  suggestedId: string | null;
  /** The ID of the newest user with this email address, or null. */
  emailOwner: string | null;
}

/** Quotation marks around IDs that were copied from a text. */
const SURROUNDING_QUOTES = /^["'“”„‘’]+|(?<!["'“”„‘’])["'“”„‘’]+$/g;

/** Returns the ID of the newest user with an email address, or null. */
export async function findEmailOwner(email: string, users: ResourceOperations["users"]): Promise<string | null> {
  const { items } = await users.list({ email }, { limit: MAX_CANDIDATES });
  const owner = items.find((user) => String(user.email).toLowerCase() === email.toLowerCase());
  return owner === undefined ? null : String(owner.id);
}

/** Returns a recipient that was never identified with suggestions, or null if it is identified. */
export async function findUnidentifiedRecipient(
  key: RecipientKey,
  { users, objects }: Pick<ResourceOperations, "users" | "objects">,
): Promise<UnidentifiedRecipient | null> {
  const { collection, id } = splitRecipientKey(key);
  const isUser = collection === USERS;
  const recipient = isUser ? await users.read(id) : await objects.read(collection, id);
  if (recipient !== null) return null;
  const page = { limit: MAX_CANDIDATES };
  const { items } = await (isUser ? users.list({}, page) : objects.list(collection, page));
  const names = items.map((item) => String(item.id));
  const typed = id.replace(SURROUNDING_QUOTES, "") || id;
  const emailOwner = isUser && typed.includes("@") ? await findEmailOwner(typed, users) : null;
  const suggestion =
    emailOwner === null ? didYouMean(typed, names, isUser ? "Users" : "Objects") : correctWord(id, emailOwner);
  return {
    description: isUser ? `user "${id}"` : `object "${collection}/${id}"`,
    suggestion: suggestion ?? null,
    suggestedId: emailOwner ?? findNearest(typed, names) ?? null,
    emailOwner,
  };
}

const FIRST_ONLY = { limit: 1 };

/**
 * Returns whether the store has runs, messages or schedules of a workflow. Such a name stays valid after its files are
 * deleted.
 */
export async function isWorkflowStored(workflow: string, local: LocalOperations): Promise<boolean> {
  const runs = await local.listRecipientRuns({ workflow }, FIRST_ONLY);
  if (runs.items.length > 0 || (await local.listMessages({ workflow }, FIRST_ONLY)).items.length > 0) return true;
  return (await local.resources.schedules.list({ workflow }, FIRST_ONLY)).items.length > 0;
}
