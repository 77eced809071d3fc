import { useState } from "preact/hooks";
import type { JsonObject } from "../../util/json.js";
import { parseObject } from "../lib/labels.js";
import { useResource } from "../lib/use-resource.js";
import { getNoteIds, InputNotes } from "./basics.js";

interface InputProps {
  id: string;
  label: string;
  value: string;
  hint?: string;
  fault?: string | undefined;
  onInput(value: string): void;
  onKeyDown?(event: KeyboardEvent): void;
}

/**
 * Displays the input of a recipient: a user's ID or an object's `collection/id`, with known recipients as suggestions.
 */
export function RecipientInput({ id, label, value, hint, fault, onInput, onKeyDown }: InputProps) {
  const { value: suggestions } = useResource<{ items: JsonObject[] }>(
    `page/users?limit=20${value === "" || value.startsWith("{") ? "" : `&q=${encodeURIComponent(value)}`}`,
    "on return",
  );
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        list={`${id}-known`}
        value={value}
        autocomplete="off"
        aria-invalid={fault !== undefined}
        aria-describedby={getNoteIds(id, hint, fault)}
        onInput={({ currentTarget }) => onInput(currentTarget.value)}
        onKeyDown={onKeyDown}
      />
      <datalist id={`${id}-known`}>
        {suggestions?.items.map((user) => (
          <option key={String(user.id)} value={String(user.id)}>
            {String(user.name ?? user.email ?? "")}
          </option>
        ))}
      </datalist>
      <InputNotes id={id} hint={hint} fault={fault} />
    </div>
  );
}

interface RecipientsProps {
  chosen: string[];
  fault: string | undefined;
  onChange(chosen: string[]): void;
  /** Called with whether the typed text is valid. */
  onValid(isValid: boolean): void;
}

/** Displays the input of several recipients. Enter, a comma, a space or leaving the input adds the typed ones. */
export function RecipientsInput({ chosen, fault, onChange, onValid }: RecipientsProps) {
  const [text, setText] = useState("");
  const [isWrong, setWrong] = useState(false);
  const setUnread = (isUnread: boolean): void => {
    setWrong(isUnread);
    onValid(!isUnread);
  };
  const add = (more: string): void => {
    const inline = parseObject(more.trim());
    const isUnread = inline === null && more.trimStart().startsWith("{");
    setUnread(isUnread);
    if (isUnread) return;
    const ids = (inline === null ? more.split(/[,\s]+/) : [JSON.stringify(inline)]).filter(
      (id) => id !== "" && !chosen.includes(id),
    );
    if (ids.length > 0) onChange([...chosen, ...ids]);
    setText("");
  };
  return (
    <div onFocusOut={() => add(text)}>
      <RecipientInput
        id="recipients"
        label="Recipients"
        value={text}
        hint='User IDs, collection/id for objects, or JSON such as {"id":"zoe"}. Press Enter to add one.'
        fault={isWrong ? 'This is not JSON. Example: {"id":"zoe"}' : fault}
        onInput={(value) => {
          setUnread(false);
          if (/^\s*[^{\s].*[,\s]$/.test(value)) add(value);
          else setText(value);
        }}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || text === "") return;
          event.preventDefault();
          add(text);
        }}
      />
      {chosen.length === 0 ? null : (
        <ul class="tokens" aria-label="Chosen recipients">
          {chosen.map((id) => (
            <li key={id}>
              <button type="button" title={id} onClick={() => onChange(chosen.filter((otherId) => otherId !== id))}>
                {String(parseObject(id)?.id ?? id)} <span aria-hidden="true">×</span>
                <span class="unseen">(remove)</span>
              </button>
            </li>
          ))}
        </ul>
      )}
    </div>
  );
}
