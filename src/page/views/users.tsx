import type { JsonObject } from "../../util/json.js";
import { getInitial } from "../lib/labels.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList } from "../lib/use-resource.js";
import { Empty } from "../parts/basics.js";
import { Filters, List, Panes } from "../parts/list.js";
import { UserDetail } from "./user-detail.js";

function Row({ user }: { user: JsonObject }) {
  const name = String(user.name ?? user.id);
  return (
    <>
      <span class="avatar" aria-hidden="true">
        {getInitial(name)}
      </span>
      <span class="row-main">
        <span class="row-title">{name}</span>
        <span class="row-foot">
          {[user.id, user.email ?? user.phone_number].filter(Boolean).map(String).join(" · ")}
        </span>
      </span>
    </>
  );
}

export function Users({ route, project }: { route: Route; project: Project | null }) {
  const { q = "", kind = "" } = route.query;
  const isObjects = kind === "objects";
  const list = useList("page/users", { q, kind });
  return (
    <Panes
      route={route}
      list={
        <>
          <Filters
            route={route}
            placeholder={isObjects ? "Search objects" : "Search users"}
            selects={[{ name: "kind", label: "Kind", any: "Users", options: [["objects", "Objects and tenants"]] }]}
          />
          <List
            view="users"
            label={isObjects ? "Objects and tenants" : "Users"}
            route={route}
            list={list}
            row={(user) => <Row user={user} />}
            empty={
              q ? (
                <Empty title={isObjects ? "No object matches" : "No user matches"}>
                  <p>
                    <a href={buildLink("users", null, { kind })}>Show all {isObjects ? "objects" : "users"}</a>
                  </p>
                </Empty>
              ) : (
                <Empty title={isObjects ? "No objects yet" : "No users yet"}>
                  <p>
                    Identify recipients in <code>recipients/</code> of the project, through the API, or inline when you{" "}
                    <a href={buildLink("trigger")}>trigger a workflow</a>.
                  </p>
                </Empty>
              )
            }
          />
        </>
      }
    >
      {route.id === null ? (
        list.value?.items.length ? (
          <Empty title={isObjects ? "Choose an object" : "Choose a user"}>
            <p>The feed, preferences and subscriptions are shown here.</p>
          </Empty>
        ) : null
      ) : (
        <UserDetail key={route.id} id={route.id} project={project} />
      )}
    </Panes>
  );
}
