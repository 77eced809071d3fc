import { createInvalidParamsError } from "../findings/invalid-params-error.js";
import { describeInvalidId } from "../recipient/describe-invalid-id.js";
import {
  type RecipientKey,
  type RecipientReference,
  splitRecipientKey,
  TENANTS,
  toRecipientKey,
  USERS,
} from "../recipient/recipient.js";

const NOUNS: Record<string, string> = { [USERS]: "user", [TENANTS]: "tenant" };

/** Returns a recipient as errors name it: `user "ada"`, `tenant "acme"` or `object "projects/p1"`. */
export function describeRecipient(key: RecipientKey): string {
  const { collection, id } = splitRecipientKey(key);
  return NOUNS[collection] ? `${NOUNS[collection]} "${id}"` : `object "${collection}/${id}"`;
}

/**
 * Returns the key of a recipient from the parts of a path or command. Throws `invalid_params` for an invalid ID
 * (E-051).
 */
export function parseRecipientKey(collection: string, id: string): RecipientKey {
  const messages = { collection: describeInvalidId(collection), id: describeInvalidId(id) };
  for (const [name, message] of Object.entries(messages)) {
    if (message === null) continue;
    const value = name === "id" ? id : collection;
    throw createInvalidParamsError(
      `the ${NOUNS[collection] ?? "object"}'s ${name} ${JSON.stringify(value)}`,
      [{ pointer: `/${name}`, message, value }],
      name === "id" && value.includes("/") ? "Give the collection and the ID of the object separately." : undefined,
    );
  }
  return toRecipientKey({ collection, id });
}

/**
 * Returns the key of an object. Throws `invalid_params` for the collection of users, which are not objects. A tenant
 * can be used as an object (E-048).
 */
export function parseObjectKey(collection: string, id: string): RecipientKey {
  if (collection !== USERS) return parseRecipientKey(collection, id);
  throw createInvalidParamsError(
    `the collection "${USERS}"`,
    [{ pointer: "/collection", message: "is reserved for users", value: collection }],
    "Use `knock users` for users.",
  );
}

/** Returns the key of a user or an object. Throws `invalid_params` for an invalid reference (E-051). */
export function parseReferenceKey(reference: RecipientReference): RecipientKey {
  return typeof reference === "string"
    ? parseRecipientKey(USERS, reference)
    : parseObjectKey(reference.collection, reference.id);
}
