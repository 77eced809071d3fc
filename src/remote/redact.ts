export type Redact = (text: string) => string;

const LONGEST_TEXT = 2_000;

/**
 * Makes what a server said fit to be shown: the API key is taken out (a server may echo it), and so is whatever else
 * has a key's form; control characters, which could steer a terminal, become blanks.
 */
export function createRedact(apiKey: string): Redact {
  const spellings = [...new Set([apiKey, encodeURIComponent(apiKey), Buffer.from(apiKey).toString("base64")])];
  return (text) => {
    let shown = text;
    for (const spelling of spellings) shown = shown.replaceAll(spelling, "[redacted]");
    shown = shown.replace(/\b(sk|pk)_[\w-]{8,}/g, "$1_[redacted]");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    shown = shown.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
    return shown.length > LONGEST_TEXT ? `${shown.slice(0, LONGEST_TEXT)}…` : shown;
  };
}
