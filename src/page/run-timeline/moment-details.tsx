import { formatRecipient } from "../../domain/recipient/recipient.js";
import { isJsonObject, type Json } from "../../util/json.js";
import { getChannelLabel } from "../lib/labels.js";
import { buildLink } from "../lib/route.js";
import { formatAbsoluteTime } from "../lib/time.js";
import { Chip, Code, Facts, RecipientLink } from "../parts/basics.js";
import type { MomentState } from "./use-moments.js";
import { Variables } from "./variables.js";

const formatTime = (at: string): string => formatAbsoluteTime(Date.parse(at));

/** Returns a sentence for each part of the state that is not known as of the moment. */
function describeUnknown({ changed, unknown_data, is_batch_unknown }: MomentState): string[] {
  return [
    ...changed
      .filter(({ name }) => name !== "recipient")
      .map(({ name, updated_at }) => `${name} has today's values: it changed at ${formatTime(updated_at)}.`),
    ...(unknown_data.length === 0
      ? []
      : [`data lacks the changes by ${unknown_data.join(", ")}, which are not stored.`]),
    ...(is_batch_unknown ? ["activities has only this trigger: the others of this batch are no longer stored."] : []),
    "vars has today's values of the environment.",
  ];
}

function Messages({ messages }: Pick<MomentState, "messages">) {
  return (
    <section aria-label="Messages until then">
      <h2>Messages until then</h2>
      {messages.length === 0 ? <p class="hint">No message was created.</p> : null}
      <ul class="plain-list">
        {messages.map(({ id, title, text, channel, status, engagement_statuses: engagements }) => (
          <li key={String(id)} class="moment-message">
            <a href={buildLink("messages", String(id))}>{String(title || text || id)}</a>
            <span class="muted">{getChannelLabel(isJsonObject(channel) ? channel.type : "")}</span>
            <span class="chips">
              {[status, ...(Array.isArray(engagements) ? engagements : [])].map((name) => (
                <Chip key={String(name)} status={name} />
              ))}
            </span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** The keys of a recipient that are shown elsewhere or have no meaning for a reader. */
const HIDDEN = ["id", "collection", "__typename", "preferences", "created_at", "updated_at"];

function RecipientThen({ state: { run, variables, changed } }: { state: MomentState }) {
  const recipient = isJsonObject(variables.recipient) ? variables.recipient : {};
  const change = changed.find(({ name }) => name === "recipient");
  const isShown = ([name, value]: [string, Json]): boolean => !HIDDEN.includes(name) && !isJsonObject(value);
  const known = Object.entries(recipient).filter(isShown);
  return (
    <section aria-label="Recipient then" class="moment-facts">
      <h2>Recipient then</h2>
      <Facts
        of={[
          ["ID", <RecipientLink to={run.recipient} />],
          ...known.map(([name, value]): [string, string] => [name, value === null ? "" : formatRecipient(value)]),
        ]}
      />
      <p class="hint">
        {change === undefined
          ? "As it was then: the recipient has not changed since."
          : `Only today's state is known: the recipient changed at ${formatTime(change.updated_at)}.`}
      </p>
      <details>
        <summary>Preferences that applied</summary>
        <Code value={recipient.preferences} label="Preferences that applied" />
      </details>
    </section>
  );
}

/** Displays the messages, the recipient and the variables of a run as they were at a moment. */
export function MomentDetails({ state }: { state: MomentState }) {
  return (
    <>
      <Messages messages={state.messages} />
      <RecipientThen state={state} />
      <Variables variables={state.variables} notes={describeUnknown(state)} />
    </>
  );
}
