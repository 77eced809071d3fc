import type { RecipientReference } from "../../domain/recipient/recipient.js";
import type { RouteContext } from "../access/route.js";

/** What users and objects have alike: where its paths begin, and whom a path names. */
export interface RouteOwner {
  kind: "user" | "object";
  path: string;
  getReference(call: RouteContext): RecipientReference;
}

export const USER: RouteOwner = {
  kind: "user",
  path: "/v1/users/{user_id}",
  getReference: (call) => call.param("user_id"),
};

export const OBJECT: RouteOwner = {
  kind: "object",
  path: "/v1/objects/{collection}/{object_id}",
  getReference: (call) => ({ collection: call.param("collection"), id: call.param("object_id") }),
};
