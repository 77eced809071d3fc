import { splitRecipientKey, USERS } from "../../domain/recipient/recipient.js";
import { parseRecipientKey } from "../../domain/request/parse-recipient-body.js";
import { noContentOrNotFound, ok, okOrNotFound, type Route, type RouteContext } from "../access/route.js";
import { OBJECT, type RouteOwner, USER } from "./route-owner.js";

/** Returns the owner. Throws if its ID is invalid, because setting channel data may create the owner. */
function parseOwner(call: RouteContext, owner: RouteOwner) {
  const reference = owner.getReference(call);
  const { collection, id } = typeof reference === "string" ? { collection: USERS, id: reference } : reference;
  const key = splitRecipientKey(parseRecipientKey(collection, id));
  return owner.kind === "user" ? key.id : key;
}

function buildRoutes(owner: RouteOwner, [read, set, remove]: [string, string, string]): Route[] {
  const path = `${owner.path}/channel_data/{channel_id}` as const;
  const open = (operation: "read" | "write") =>
    ({ owner: owner.kind, capability: `channel_data/${operation}` }) as const;
  return [
    {
      rule: read,
      on: `GET ${path as `/${string}`}`,
      tier: 4,
      open: open("read"),
      handle: async (call) =>
        okOrNotFound(
          await call.operations.resources.channelData.read(owner.getReference(call), call.param("channel_id")),
        ),
    },
    {
      rule: set,
      on: `PUT ${path as `/${string}`}`,
      tier: 3,
      open: open("write"),
      handle: async (call) =>
        ok(
          await call.operations.resources.channelData.set(
            parseOwner(call, owner),
            call.param("channel_id"),
            await call.body(),
          ),
        ),
    },
    {
      rule: remove,
      on: `DELETE ${path as `/${string}`}`,
      tier: 3,
      open: open("write"),
      handle: async (call) =>
        noContentOrNotFound(
          await call.operations.resources.channelData.delete(owner.getReference(call), call.param("channel_id")),
        ),
    },
  ];
}

export const channelDataRoutes: Route[] = [
  ...buildRoutes(USER, ["A-285", "A-286", "A-287"]),
  ...buildRoutes(OBJECT, ["A-244", "A-245", "A-246"]),
];
