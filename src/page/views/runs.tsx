import { formatRecipient } from "../../domain/recipient/recipient.js";
import { formatRunStatus } from "../../domain/run/run-status.js";
import type { JsonObject } from "../../util/json.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList } from "../lib/use-resource.js";
import { RunStatus, Time } from "../parts/basics.js";
import { ListView } from "../parts/list.js";
import { RunDetail } from "./run-detail.js";

const STATUSES = ["queued", "processing", "paused", "completed", "cancelled", "failed"];

/** A filter option that is not a run status, because runs continue after an error. */
const WITH_ERRORS = "with errors";

function Row({ run }: { run: JsonObject }) {
  return (
    <>
      <span class="row-main">
        <span class="row-title">{String(run.workflow)}</span>
        <span class="row-foot">
          {formatRecipient(run.recipient)}
          {run.tenant ? ` · ${String(run.tenant)}` : ""}
        </span>
        <span class="chips">
          <RunStatus run={run} />
        </span>
      </span>
      <span class="row-side">
        <Time at={run.inserted_at} />
      </span>
    </>
  );
}

export function Runs({ route, project }: { route: Route; project: Project | null }) {
  const { q = "", workflow = "", status = "", recipient = "", workflow_run_id = "" } = route.query;
  const statusFilter: Record<string, string> = status === WITH_ERRORS ? { has_errors: "true" } : { status };
  const list = useList("page/runs", { q, workflow, ...statusFilter, recipient, workflow_run_id });
  return (
    <ListView
      route={route}
      noun="run"
      label="Runs"
      placeholder="Search runs"
      selects={[
        { name: "workflow", label: "Workflow", options: (project?.workflows ?? []).map((key) => [key, key]) },
        {
          name: "status",
          label: "Status",
          options: [...STATUSES, WITH_ERRORS].map((name) => [name, formatRunStatus(name)]),
        },
      ]}
      fixed={[
        { name: "recipient", text: (value) => `for ${value}` },
        { name: "workflow_run_id", text: (value) => `of trigger ${value.slice(0, 8)}…` },
      ]}
      list={list}
      row={(run) => <Row run={run} />}
      isFiltered={q + workflow + status + recipient + workflow_run_id !== ""}
      none={
        <>
          A trigger creates one for each recipient. <a href={buildLink("trigger")}>Trigger a workflow</a>.
        </>
      }
      hint="Each step is shown with its outcome and the reason."
      detail={(id) => <RunDetail key={id} id={id} route={route} />}
    />
  );
}
