import type { JsonObject } from "../../util/json.js";
import type { Workflow } from "../lib/draft.js";
import { getStepLabel } from "../lib/labels.js";
import { buildLink, type Route } from "../lib/route.js";
import { useResource } from "../lib/use-resource.js";
import { Chip, Code, Facts, Fault, LinkButton, NotFound } from "../parts/basics.js";
import { ListView } from "../parts/list.js";
import { WorkflowDiagram } from "./workflow-diagram.js";

/** Displays the name of a workflow, its steps, and whether it is off or cannot be read. */
export function WorkflowRow({ workflow: { key, name, steps, active, error } }: { workflow: Workflow }) {
  return (
    <>
      <span class="row-main">
        <span class="row-title">{name}</span>
        <span class="row-foot">{error === null ? [key, ...new Set(steps.map(getStepLabel))].join(" · ") : error}</span>
      </span>
      {error === null ? null : <span class="chip bad">cannot be read</span>}
      {active || error !== null ? null : <span class="chip">off</span>}
    </>
  );
}

function WorkflowDetail({ workflow }: { workflow: Workflow }) {
  const { key, name, categories, active, schema, outline, error } = workflow;
  return (
    <article aria-label={name}>
      <header class="detail-head">
        <div class="title-line">
          <h1>{name}</h1>
          {active ? null : (
            <Chip status={error === null ? "off" : "cannot be read"} tone={error === null ? "plain" : "bad"} />
          )}
        </div>
        <Facts
          of={[
            ["Key", <code>{key}</code>],
            ["Categories", categories.join(", ")],
          ]}
        />
        <p class="actions small">
          <LinkButton to={buildLink("trigger", key)}>Trigger</LinkButton>
          <LinkButton to={buildLink("runs", null, { workflow: key })}>Runs</LinkButton>
          <LinkButton to={buildLink("messages", null, { workflow: key })}>Messages</LinkButton>
          <LinkButton to={buildLink("schedules", null, { workflow: key })}>Schedules</LinkButton>
        </p>
        <Fault text={error} />
      </header>
      {outline === null || outline.steps.length === 0 ? null : (
        <section aria-label="Steps">
          <h2>Steps</h2>
          <WorkflowDiagram outline={outline} progress={null} />
        </section>
      )}
      {schema === null ? null : (
        <details>
          <summary>Schema of the data</summary>
          <Code value={schema} label="Schema of the data" />
        </details>
      )}
    </article>
  );
}

/** Displays the project's workflows, which are in files, so that they are read again when the window gets the focus. */
export function Workflows({ route }: { route: Route }) {
  const { q = "" } = route.query;
  const { value, fault, reload } = useResource<{ items: Workflow[] }>("page/workflows", "on return");
  const text = q.toLowerCase();
  const found = value?.items.filter(({ key, name }) => `${key} ${name}`.toLowerCase().includes(text)) ?? null;
  const items = found?.map((workflow) => ({ ...workflow, id: workflow.key }) as unknown as JsonObject) ?? null;
  const byKey = (key: string): Workflow | null => value?.items.find((workflow) => workflow.key === key) ?? null;
  return (
    <ListView
      route={route}
      noun="workflow"
      label="Workflows"
      placeholder="Search workflows"
      selects={[]}
      list={{
        value: items === null ? null : { items, more: false },
        fault,
        reload,
        isOld: false,
        showMore: null,
      }}
      row={(item) => <WorkflowRow workflow={item as unknown as Workflow} />}
      isFiltered={q !== ""}
      none={
        <>
          Create <code>workflows/&lt;key&gt;/workflow.json</code> in the project, or run <code>knock init</code>.
        </>
      }
      hint="Each workflow is shown with its steps and conditions."
      detail={(id) => {
        const workflow = byKey(id);
        if (workflow !== null) return <WorkflowDetail key={id} workflow={workflow} />;
        return value === null ? null : <NotFound what="workflow" fault={`No file declares the workflow "${id}".`} />;
      }}
    />
  );
}
