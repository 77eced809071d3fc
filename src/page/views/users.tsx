import type { JsonObject } from "../../util/json.js";
import { getInitial } from "../lib/labels.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList } from "../lib/use-resource.js";
import { ListView } from "../parts/list.js";
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
    <ListView
      route={route}
      noun={isObjects ? "object" : "user"}
      label={isObjects ? "Objects and tenants" : "Users"}
      placeholder={isObjects ? "Search by name or ID" : "Search by name, email or ID"}
      selects={[{ name: "kind", label: "Kind", any: "Users", options: [["objects", "Objects and tenants"]] }]}
      list={list}
      row={(user) => <Row user={user} />}
      isFiltered={q !== ""}
      none={
        <>
          Identify recipients in <code>recipients/</code> of the project, through the API, or inline when you{" "}
          <a href={buildLink("trigger")}>trigger a workflow</a>.
        </>
      }
      hint="The feed, preferences and subscriptions are shown here."
      detail={(id) => <UserDetail key={id} id={id} project={project} />}
    />
  );
}
