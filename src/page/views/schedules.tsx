import { formatRecipient } from "../../domain/recipient/recipient.js";
import { formatRepeats } from "../../domain/trigger/format-repeats.js";
import type { JsonObject } from "../../util/json.js";
import type { Project } from "../lib/project.js";
import { buildLink, type Route } from "../lib/route.js";
import { useList, useResource } from "../lib/use-resource.js";
import { Code, Facts, LinkButton, NotFound, RecipientLink, Time } from "../parts/basics.js";
import { Icon } from "../parts/icon.js";
import { ListView } from "../parts/list.js";

function Row({ schedule }: { schedule: JsonObject }) {
  return (
    <>
      <span class="row-icon">
        <Icon name="schedules" />
      </span>
      <span class="row-main">
        <span class="row-title">{String(schedule.workflow)}</span>
        <span class="row-text">{formatRepeats(schedule)}</span>
        <span class="row-foot">{formatRecipient(schedule.recipient)}</span>
      </span>
      <span class="row-side">
        {schedule.next_occurrence_at ? <Time at={schedule.next_occurrence_at} /> : <span class="chip">ended</span>}
      </span>
    </>
  );
}

function ScheduleDetail({ id }: { id: string }) {
  const { value: schedule, fault } = useResource(`page/schedules/${encodeURIComponent(id)}`);
  if (schedule === null) return fault === null ? null : <NotFound what="schedule" fault={fault} />;
  const { workflow, recipient, actor, tenant, data, next_occurrence_at: next, last_occurrence_at: last } = schedule;
  return (
    <article aria-label={`Schedule of ${String(workflow)}`}>
      <header class="detail-head">
        <h1>
          {String(workflow)} <span class="muted">for {formatRecipient(recipient)}</span>
        </h1>
        <Facts
          of={[
            ["Repeats", formatRepeats(schedule)],
            ["Next", next ? <Time at={next} /> : "never"],
            ["Last", last ? <Time at={last} /> : ""],
            ["Recipient", <RecipientLink to={recipient} />],
            ["Actor", actor ? <RecipientLink to={actor} /> : ""],
            ["Tenant", tenant ? String(tenant) : ""],
            ["Schedule", <code>{id}</code>],
          ]}
        />
        <p class="actions small">
          <LinkButton to={buildLink("workflows", String(workflow))}>Show the workflow</LinkButton>
          <LinkButton
            to={buildLink("runs", null, { workflow: String(workflow), recipient: formatRecipient(recipient) })}
          >
            Runs
          </LinkButton>
        </p>
      </header>
      {data ? (
        <section aria-label="Data">
          <h2>Data</h2>
          <Code value={data} label="Data" />
        </section>
      ) : null}
    </article>
  );
}

export function Schedules({ route, project }: { route: Route; project: Project | null }) {
  const { workflow = "" } = route.query;
  return (
    <ListView
      route={route}
      noun="schedule"
      label="Schedules"
      selects={[{ name: "workflow", label: "Workflow", options: (project?.workflows ?? []).map((key) => [key, key]) }]}
      list={useList("page/schedules", { workflow })}
      row={(schedule) => <Row schedule={schedule} />}
      isFiltered={workflow !== ""}
      none={
        <>
          Create them through the API, or with <code>knock schedules create</code>.
        </>
      }
      hint="Each schedule is shown with its next occurrence."
      detail={(id) => <ScheduleDetail key={id} id={id} />}
    />
  );
}
