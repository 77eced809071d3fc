import { useMemo, useState } from "preact/hooks";
import type { Json, JsonObject } from "../../util/json.js";
import { listVariables, searchVariables, type Variable } from "./list-variables.js";

/** The rows that are shown at first, and with each request for more. A batch can have a hundred activities. */
const ROWS = 100;

type Copy = (path: string) => void;

/** Displays one variable. A click copies its path. */
function VariableRow({ variable: { path, name, depth, text }, isWhole, copy }: RowProps) {
  return (
    <li>
      <button
        type="button"
        style={{ paddingLeft: `${isWhole ? 8 : 16 * depth}px` }}
        aria-label={`${path} ${text}`}
        title={`Copy ${path}`}
        onClick={() => copy(path)}
      >
        <code>{isWhole ? path : name}</code> <code class="muted">{text}</code>
      </button>
    </li>
  );
}

interface RowProps {
  variable: Variable;
  /** Whether the row has the whole path, because the variable that contains this one is not above it. */
  isWhole: boolean;
  copy: Copy;
}

/** Displays the first variables of a list, and more on request. */
function VariableRows({
  label,
  items,
  isWhole,
  copy,
}: { label: string; items: Variable[] } & Omit<RowProps, "variable">) {
  const [visible, setVisible] = useState(ROWS);
  const hidden = items.length - visible;
  return (
    <>
      <ul class="variables" aria-label={label}>
        {items.slice(0, visible).map((variable) => (
          <VariableRow key={variable.path} variable={variable} isWhole={isWhole} copy={copy} />
        ))}
      </ul>
      {hidden > 0 ? (
        <p class="actions small">
          <button type="button" onClick={() => setVisible(visible + ROWS)}>
            Show {Math.min(hidden, ROWS)} more of {hidden}
          </button>
        </p>
      ) : null}
    </>
  );
}

/** Displays a variable with its parts. Only `data` is open at first. */
function VariableGroup({ name, value, copy }: { name: string; value: Json; copy: Copy }) {
  const [isOpen, setOpen] = useState(name === "data");
  const items = useMemo(() => listVariables(name, value), [name, value]);
  const [first, ...parts] = items;
  if (parts.length === 0) return <VariableRows label={name} items={items} isWhole copy={copy} />;
  return (
    <details open={isOpen} onToggle={({ currentTarget }) => setOpen(currentTarget.open)}>
      <summary>
        <code>{name}</code> <span class="muted">{first?.text}</span>
      </summary>
      {isOpen ? <VariableRows label={name} items={parts} isWhole={false} copy={copy} /> : null}
    </details>
  );
}

/** Displays variables, which can be searched by name and value. `notes` say which of them are not known as of the moment. */
export function Variables({ variables, notes }: { variables: JsonObject; notes: string[] }) {
  const [text, setText] = useState("");
  const [copied, setCopied] = useState("");
  const wanted = text.trim();
  const found = useMemo(() => (wanted === "" ? null : searchVariables(variables, wanted)), [variables, wanted]);
  const copy = (path: string): void => {
    // There is no clipboard on a page without TLS that is not at localhost.
    Promise.resolve(navigator.clipboard?.writeText(path) ?? Promise.reject(new Error("no clipboard"))).then(
      () => setCopied(`Copied ${path}`),
      () => setCopied(`Copy this path: ${path}`),
    );
  };
  return (
    <section aria-label="Variables" class="moment-variables">
      <h2>Variables</h2>
      <ul class="hint">
        {notes.map((text) => (
          <li key={text}>{text}</li>
        ))}
      </ul>
      <input
        type="search"
        aria-label="Search variables"
        placeholder="Search names and values"
        value={text}
        onInput={({ currentTarget }) => {
          setText(currentTarget.value);
          setCopied("");
        }}
      />
      <p class="hint" role="status">
        {copied || (found === null ? "Choose a variable to copy its Liquid path." : `${found.length} found`)}
      </p>
      {found === null ? (
        Object.entries(variables).map(([name, value]) => (
          <VariableGroup key={name} name={name} value={value} copy={copy} />
        ))
      ) : (
        <VariableRows key={wanted} label="Found variables" items={found} isWhole copy={copy} />
      )}
    </section>
  );
}
