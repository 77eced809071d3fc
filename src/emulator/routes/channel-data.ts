import { splitKey, USERS } from "../../domain/recipient/recipient.js";
import { recipientKey } from "../../domain/request/parse-recipient-body.js";
import { type Call, deleted, found, ok, type Route } from "../access/route.js";
import { OBJECT, type Owner, USER } from "./recipient-parts.js";

/** The owner, whose id must be one: it may be created. */
function ownerOf(call: Call, owner: Owner) {
  const reference = owner.of(call);
  const { collection, id } = typeof reference === "string" ? { collection: USERS, id: reference } : reference;
  const key = splitKey(recipientKey(collection, id));
  return owner.kind === "user" ? key.id : key;
}

function routesOf(owner: Owner, [read, set, remove]: [string, string, string]): Route[] {
  const path = `${owner.path}/channel_data/{channel_id}` as const;
  const open = (what: "read" | "write") => ({ whose: owner.kind, capability: `channel_data/${what}` }) as const;
  return [
    {
      rule: read,
      on: `GET ${path as `/${string}`}`,
      tier: 4,
      open: open("read"),
      handle: async (call) =>
        found(await call.operations.resources.channelData.read(owner.of(call), call.param("channel_id"))),
    },
    {
      rule: set,
      on: `PUT ${path as `/${string}`}`,
      tier: 3,
      open: open("write"),
      handle: async (call) =>
        ok(
          await call.operations.resources.channelData.set(
            ownerOf(call, owner),
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
        deleted(await call.operations.resources.channelData.delete(owner.of(call), call.param("channel_id"))),
    },
  ];
}

export const channelDataRoutes: Route[] = [
  ...routesOf(USER, ["A-285", "A-286", "A-287"]),
  ...routesOf(OBJECT, ["A-244", "A-245", "A-246"]),
];
