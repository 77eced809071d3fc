import { splitRecipientKey, USERS } from "../../../../domain/recipient/recipient.js";
import { parseRecipientKey } from "../../../../domain/request/parse-recipient-key.js";
import { noContentOrNotFound, ok, okOrNotFound, type Route, type RouteContext } from "../access/route.js";
import { OBJECT, type RouteOwner, USER } from "./route-owner.js";

/** Returns the owner. Throws if its ID is invalid, because setting channel data may create the owner. */
function parseOwner(context: RouteContext, owner: RouteOwner) {
  const reference = owner.getReference(context);
  const { collection, id } = typeof reference === "string" ? { collection: USERS, id: reference } : reference;
  const key = splitRecipientKey(parseRecipientKey(collection, id));
  return owner.kind === "user" ? key.id : key;
}

function buildRoutes(owner: RouteOwner, [read, set, remove]: [string, string, string]): Route[] {
  const path: `/${string}` = `${owner.path}/channel_data/{channel_id}`;
  const buildPublicAccess = (operation: "read" | "write") =>
    ({ owner: owner.kind, capability: `channel_data/${operation}` }) as const;
  return [
    {
      rule: read,
      endpoint: `GET ${path}`,
      tier: 4,
      publicAccess: buildPublicAccess("read"),
      handle: async (context) =>
        okOrNotFound(
          await context.operations.resources.channelData.read(owner.getReference(context), context.param("channel_id")),
        ),
    },
    {
      rule: set,
      endpoint: `PUT ${path}`,
      tier: 3,
      publicAccess: buildPublicAccess("write"),
      handle: async (context) =>
        ok(
          await context.operations.resources.channelData.set(
            parseOwner(context, owner),
            context.param("channel_id"),
            await context.body(),
          ),
        ),
    },
    {
      rule: remove,
      endpoint: `DELETE ${path}`,
      tier: 3,
      publicAccess: buildPublicAccess("write"),
      handle: async (context) =>
        noContentOrNotFound(
          await context.operations.resources.channelData.delete(
            owner.getReference(context),
            context.param("channel_id"),
          ),
        ),
    },
  ];
}

export const channelDataRoutes: Route[] = [
  ...buildRoutes(USER, ["A-285", "A-286", "A-287"]),
  ...buildRoutes(OBJECT, ["A-244", "A-245", "A-246"]),
];
