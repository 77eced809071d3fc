import type { JsonObject } from "../../../../util/json.js";
import { NO_CONTENT, ok, type Route, type RouteContext, type RouteResult } from "../access/route.js";
import { OBJECT, type RouteOwner, USER } from "./route-owner.js";

/**
 * The rules of an owner's routes: all sets, one set read, written and deleted, and the legacy paths of a whole section
 * and of one entry.
 */
interface Rules {
  all: string;
  read: string;
  set: string;
  delete: string;
  sections: [section: string, entry: string, sectionRule: string, entryRule: string][];
}

type Path = `/${string}`;

/** Returns the value of a legacy client's `{ "subscribed": false }`; any other setting is unchanged. */
function parseSetting(body: JsonObject): JsonObject[string] {
  return typeof body.subscribed === "boolean" ? body.subscribed : body;
}

async function mergePreferences(context: RouteContext, owner: RouteOwner, set: JsonObject): Promise<RouteResult> {
  const body = { __persistence_strategy__: "merge", ...set };
  return ok(
    await context.operations.resources.preferences.set(
      owner.getReference(context),
      context.param("id"),
      body,
      context.request,
    ),
  );
}

function buildRoutes(owner: RouteOwner, rules: Rules): Route[] {
  const path: Path = `${owner.path}/preferences`;
  const buildPublicAccess = (operation: "read" | "write") =>
    owner.kind === "user" ? { publicAccess: { owner: "user", capability: `preferences/${operation}` } as const } : {};
  return [
    {
      rule: rules.all,
      endpoint: `GET ${path}`,
      tier: 4,
      ...buildPublicAccess("read"),
      handle: async (context) => ok(await context.operations.resources.preferences.list(owner.getReference(context))),
    },
    {
      rule: rules.read,
      endpoint: `GET ${path}/{id}`,
      tier: 4,
      ...buildPublicAccess("read"),
      async handle(context) {
        const { preferences } = context.operations.resources;
        return ok(
          await preferences.read(owner.getReference(context), context.param("id"), context.query.text("tenant")),
        );
      },
    },
    {
      rule: rules.set,
      endpoint: `PUT ${path}/{id}`,
      tier: 3,
      ...buildPublicAccess("write"),
      handle: async (context) =>
        ok(
          await context.operations.resources.preferences.set(
            owner.getReference(context),
            context.param("id"),
            await context.body(),
            context.request,
          ),
        ),
    },
    {
      rule: rules.delete,
      endpoint: `DELETE ${path}/{id}`,
      tier: 3,
      async handle(context) {
        await context.operations.resources.preferences.delete(owner.getReference(context), context.param("id"));
        return NO_CONTENT;
      },
    },
    ...rules.sections.flatMap(([section, entry, sectionRule, entryRule]): Route[] => [
      {
        rule: sectionRule,
        endpoint: `PUT ${path}/{id}/${section}`,
        tier: 3,
        ...buildPublicAccess("write"),
        handle: async (context) => mergePreferences(context, owner, { [section]: await context.body() }),
      },
      {
        rule: entryRule,
        endpoint: `PUT ${path}/{id}/${section}/{${entry}}`,
        tier: 3,
        ...buildPublicAccess("write"),
        handle: async (context) =>
          mergePreferences(context, owner, {
            [section]: { [context.param(entry)]: parseSetting(await context.body()) },
          }),
      },
    ]),
  ];
}

export const preferenceRoutes: Route[] = [
  ...buildRoutes(USER, {
    all: "A-303",
    read: "A-304",
    set: "A-305",
    delete: "A-306",
    sections: [
      ["categories", "key", "A-307", "A-308"],
      ["channel_types", "type", "A-309", "A-310"],
      ["workflows", "key", "A-311", "A-312"],
    ],
  }),
  ...buildRoutes(OBJECT, {
    all: "A-247",
    read: "A-248",
    set: "A-249",
    delete: "A-250",
    sections: [
      ["categories", "key", "A-251", "A-252"],
      ["channel_types", "type", "A-253", "A-254"],
      ["workflows", "key", "A-255", "A-256"],
    ],
  }),
];
