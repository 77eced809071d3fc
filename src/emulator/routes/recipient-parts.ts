import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { Call } from "../access/route.js";

/** What users and objects have alike: where its paths begin, and whom a path names. */
export interface Owner {
  kind: "user" | "object";
  path: string;
  of(call: Call): RecipientReference;
}

export const USER: Owner = { kind: "user", path: "/v1/users/{user_id}", of: (call) => call.param("user_id") };

export const OBJECT: Owner = {
  kind: "object",
  path: "/v1/objects/{collection}/{object_id}",
  of: (call) => ({ collection: call.param("collection"), id: call.param("object_id") }),
};
