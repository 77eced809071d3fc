import { useState } from "preact/hooks";
import { useTheme } from "../lib/theme.js";
import { Chip } from "../parts/basics.js";
import { CoverageOverview, CoverageSection } from "./coverage.js";
import type { EmailReport, ReportData, ReportedScenario } from "./report-data.js";
import { MessageView } from "./reported-message.js";

/** Lists the messages with a problem: the scenario and the recipient of each. */
function MessageList({ messages }: { messages: EmailReport["findings"][number]["messages"] }) {
  return (
    <ul class="plain-list">
      {messages.map(({ scenario, to, message_id }) => (
        <li key={`${scenario} ${message_id}`}>
          {scenario} <span class="muted">to {to}</span>
        </li>
      ))}
    </ul>
  );
}

/** The problems of the emails that scenarios sent, each with its place in the templates and the messages that have it. */
function EmailSection({ emails }: { emails: EmailReport | null }) {
  if (emails === null) return null;
  const { findings, checked, silenced } = emails;
  const counts = [`${checked} checked`, `${findings.length} ${findings.length === 1 ? "problem" : "problems"}`];
  return (
    <section>
      <h2>Emails</h2>
      <p class="muted">{[...counts, ...(silenced > 0 ? [`${silenced} silenced`] : [])].join(" · ")}</p>
      {findings.map(({ file, line, column, severity, code, message, hint, messages }) => (
        <details class="report-panel" key={`${file}:${line}:${column} ${code}`}>
          <summary>
            <Chip status={severity} tone={severity === "error" ? "bad" : "wait"} /> <h3>{message}</h3>{" "}
            <span class="muted">
              {code}, {file}:{line}
            </span>
          </summary>
          {hint === undefined ? null : <p class="hint">{hint}</p>}
          <MessageList messages={messages} />
        </details>
      ))}
    </section>
  );
}

const TONES = { passed: "good", failed: "bad", broken: "bad", skipped: "plain" } as const;

const hasProblem = ({ status }: ReportedScenario): boolean => status === "failed" || status === "broken";

type ReportedFile = ReportData["files"][number];

const isFileWithProblem = ({ scenarios, error }: ReportedFile): boolean => error !== null || scenarios.some(hasProblem);

/** Returns a list with the items that have a problem first. */
const putFirst = <T,>(items: readonly T[], isFirst: (item: T) => boolean): T[] =>
  items.toSorted((one, other) => Number(isFirst(other)) - Number(isFirst(one)));

/** Returns the files whose scenarios are shown, those with problems first. The search finds names of scenarios and files. */
function selectFiles(files: readonly ReportedFile[], search: string, showsProblems: boolean): ReportedFile[] {
  const text = search.trim().toLowerCase();
  const matches = (name: string): boolean => name.toLowerCase().includes(text);
  return putFirst(files, isFileWithProblem)
    .map((file) => {
      const found = file.scenarios.filter(
        (scenario) => (!showsProblems || hasProblem(scenario)) && (matches(scenario.name) || matches(file.file)),
      );
      return { ...file, scenarios: putFirst(found, hasProblem) };
    })
    .filter(({ file, scenarios, error }) => scenarios.length > 0 || (error !== null && matches(file)));
}

const countScenarios = (files: readonly ReportedFile[]): number =>
  files.reduce((total, { scenarios }) => total + scenarios.length, 0);

function ErrorNote({ error, at }: { error: { message: string; hint: string | null }; at?: string }) {
  return (
    <div class="fault">
      <p>
        {at === undefined ? "" : `${at}: `}
        {error.message}
      </p>
      {error.hint === null ? null : <p>{error.hint}</p>}
    </div>
  );
}

/** The line above a difference that explains its signs. */
const LEGEND = /^- expected {2}\+ found$/;

function getLineClass(line: string): string | undefined {
  if (/^(\+ |found)/.test(line)) return "found";
  return /^(- |expected)/.test(line) && !LEGEND.test(line) ? "expected" : undefined;
}

function FailureView({ failure, file }: { failure: ReportedScenario["failures"][number]; file: string }) {
  const { subject, step, line, text } = failure;
  return (
    <section class="report-part">
      <h4>
        {subject}{" "}
        <span class="muted">
          step {step}, {file}:{line}
        </span>
      </h4>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a scrollable area must be reachable by keyboard. */}
      <section class="code" tabIndex={0} aria-label={`Comparison: ${subject}`}>
        <pre>
          {text.map((content, index) => (
            <span key={String(index)} class={getLineClass(content)}>
              {`${content}\n`}
            </span>
          ))}
        </pre>
      </section>
    </section>
  );
}

/** Displays a scenario. Its messages are displayed while it is open, because each email is a document of its own. */
function ScenarioView({ scenario, file }: { scenario: ReportedScenario; file: string }) {
  const [isOpen, setOpen] = useState(hasProblem(scenario));
  const { name, status, error, skip, failures, messages, duration_ms } = scenario;
  const count = messages === null ? "" : ` · ${messages.length} ${messages.length === 1 ? "message" : "messages"}`;
  return (
    <details class="report-panel" open={isOpen} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Chip status={status} tone={TONES[status]} /> <h3>{name}</h3>{" "}
        <span class="muted">{skip ?? `${duration_ms} ms${count}`}</span>
      </summary>
      {isOpen ? (
        <>
          {error === null ? null : <ErrorNote error={error} at={`${file}:${error.line}`} />}
          {failures.map((failure, index) => (
            <FailureView key={String(index)} failure={failure} file={file} />
          ))}
          {messages === null ? (
            <p class="hint">The messages are not in this report, because it would be too large.</p>
          ) : null}
          {messages?.map((message, index) => (
            <MessageView key={message.id} message={message} index={index} />
          ))}
        </>
      ) : null}
    </details>
  );
}

/** The page of a report. */
export function Report({ data }: { data: ReportData }) {
  const { files, summary, duration_ms } = data;
  const [theme, nextTheme] = useTheme();
  const [showsProblems, setShowsProblems] = useState(files.some(isFileWithProblem));
  const [search, setSearch] = useState("");
  const shown = selectFiles(files, search, showsProblems);
  const hidden = countScenarios(files) - countScenarios(shown);
  return (
    <>
      <header class="bar report-bar">
        <h1>knock test</h1>
        <p class="chips report-totals">
          {(["passed", "failed", "broken", "skipped"] as const)
            .filter((status) => summary[status] > 0)
            .map((status) => (
              <Chip key={status} status={`${summary[status]} ${status}`} tone={TONES[status]} />
            ))}
          <span class="muted">
            {summary.files} {summary.files === 1 ? "file" : "files"}, {duration_ms} ms
          </span>
        </p>
        <span class="bar-buttons">
          <button type="button" class="quiet" onClick={nextTheme} aria-label={`Colors: ${theme}. Change`}>
            {theme === "light" ? "☀" : theme === "dark" ? "☾" : "◐"}
          </button>
        </span>
      </header>
      <main class="report">
        <CoverageOverview coverage={data.coverage} />
        <search class="report-filters">
          <input
            type="search"
            aria-label="Search scenarios"
            placeholder="Search scenarios"
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
          <button type="button" aria-pressed={showsProblems} onClick={() => setShowsProblems(!showsProblems)}>
            Only problems
          </button>
        </search>
        {shown.map(({ file, scenarios, error }) => (
          <section key={file}>
            <h2>{file}</h2>
            {error === null ? null : <ErrorNote error={error} />}
            {scenarios.map((scenario) => (
              <ScenarioView key={scenario.name} scenario={scenario} file={file} />
            ))}
          </section>
        ))}
        <p class="muted report-hidden" role="status">
          {shown.length === 0 ? "No scenario matches. " : ""}
          {hidden > 0 ? `${hidden} ${hidden === 1 ? "scenario is" : "scenarios are"} hidden.` : ""}
        </p>
        <EmailSection emails={data.emails} />
        <CoverageSection data={data} />
      </main>
    </>
  );
}
