import type { JsonObject } from "../../util/json.js";
import { buildEmailTabs } from "../content/email.js";
import { MessageContent } from "../content/message-content.js";
import { getChannelLabel } from "../lib/labels.js";
import { LiveContext } from "../lib/live.js";
import { Chip, Code, Tabs } from "../parts/basics.js";
import type { ReportedMessage } from "./report-data.js";

interface ContentProps {
  message: ReportedMessage;
  content: JsonObject;
  label: string;
}

function ContentView({ message: { workflow, at }, content, label }: ContentProps) {
  const isEmail = content.__typename === "MessageEmailContent";
  // Times are relative to the message's own time, because a scenario has its own clock.
  const live = { connected: false, clock: null, now: () => Date.parse(at), version: 0 };
  const preview = (
    <MessageContent message={{ content: { data: content }, workflow, inserted_at: at, actors: [], read_at: null }} />
  );
  const source = { srcdoc: String(content.html_body ?? "") };
  return (
    <LiveContext.Provider value={live}>
      <Tabs
        label={label}
        tabs={[
          ...(isEmail ? buildEmailTabs(source, content) : [{ name: "Preview", show: () => preview }]),
          { name: "JSON", show: () => <Code value={content} label={`${label} as JSON`} /> },
        ]}
      />
    </LiveContext.Provider>
  );
}

/** Returns the subject of an email, or the title of another message; empty without one. */
const getTitle = ({ subject_line, title }: JsonObject): string => String(subject_line || title || "");

/** Displays a message, and the content of its stored snapshot before it if they differ. */
export function MessageView({ message, index }: { message: ReportedMessage; index: number }) {
  const { to, channel, step, status, content, previous, at } = message;
  const title = getTitle(content) || `${getChannelLabel(channel.type)} to ${to}`;
  const label = `Message ${index + 1}: ${title}`;
  return (
    <article class="report-part" aria-label={label}>
      <h4>
        {title} <Chip status={status} />
      </h4>
      <p class="muted">
        {getChannelLabel(channel.type)} · {step} · to {to} · {at}
      </p>
      {previous === null ? (
        <ContentView message={message} content={content} label={label} />
      ) : (
        <div class="report-pair">
          <div>
            <h5>Before</h5>
            <p>{getTitle(previous)}</p>
            {/* Snapshots do not contain the type of the content. */}
            <ContentView
              message={message}
              content={{ ...previous, __typename: content.__typename ?? null }}
              label={`Before: ${label}`}
            />
          </div>
          <div>
            <h5>After</h5>
            <p>{getTitle(content)}</p>
            <ContentView message={message} content={content} label={`After: ${label}`} />
          </div>
        </div>
      )}
    </article>
  );
}
