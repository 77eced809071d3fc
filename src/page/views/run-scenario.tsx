import { useState } from "preact/hooks";
import { formatError, readText } from "../lib/api.js";
import { Code, Fault } from "../parts/basics.js";

/** Copies a run as a scenario for `knock test`, and displays the scenario. */
export function CopyScenario({ id }: { id: string }) {
  const [scenario, setScenario] = useState<string | null>(null);
  const [isCopied, setCopied] = useState(false);
  const [fault, setFault] = useState<string | null>(null);
  const copy = async (): Promise<void> => {
    setFault(null);
    setCopied(false);
    try {
      const text = await readText(`runs/${encodeURIComponent(id)}/scenario`);
      setScenario(text);
      // Browsers refuse the clipboard on pages without HTTPS that are not on localhost.
      await navigator.clipboard?.writeText(text).then(
        () => setCopied(true),
        () => {},
      );
    } catch (error) {
      setFault(formatError(error));
    }
  };
  return (
    <>
      <button type="button" onClick={() => void copy()}>
        Copy as scenario
      </button>
      <Fault text={fault} />
      {scenario === null ? null : (
        <>
          <p role="status">{isCopied ? "The scenario is in the clipboard." : "Copy the scenario from here."}</p>
          <details open={!isCopied}>
            <summary>Scenario</summary>
            <Code value={scenario} label="Scenario" />
          </details>
        </>
      )}
    </>
  );
}
