import type { RecipientReference } from "../../../../domain/recipient/recipient.js";
import type { RouteContext } from "../access/route.js";

/**
 * The part of a route that differs between users and objects: the beginning of its path, and the recipient that the
 * path names.
 */
export interface RouteOwner {
  kind: "user" | "object";
  path: `/${string}`;
  getReference(context: RouteContext): RecipientReference;
}

export const USER: RouteOwner = {
  kind: "user",
  path: "/v1/users/{user_id}",
  getReference: (context) => context.param("user_id"),
};

export const OBJECT: RouteOwner = {
  kind: "object",
  path: "/v1/objects/{collection}/{object_id}",
  getReference: (context) => ({ collection: context.param("collection"), id: context.param("object_id") }),
};
