import { Chip } from "../parts/basics.js";
import type { EmailReport } from "./report-data.js";

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
export function EmailSection({ emails }: { emails: EmailReport | null }) {
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
