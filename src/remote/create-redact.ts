export type Redact = (text: string) => string;

const MAX_TEXT_LENGTH = 2_000;

/**
 * Makes what a server said fit to be shown: the API key is taken out (a server may echo it), and so is whatever else
 * has a key's form; control characters, which could steer a terminal, become blanks.
 */
export function createRedact(apiKey: string): Redact {
  const encodings = [...new Set([apiKey, encodeURIComponent(apiKey), Buffer.from(apiKey).toString("base64")])];
  return (text) => {
    let redacted = text;
    for (const spelling of encodings) redacted = redacted.replaceAll(spelling, "[redacted]");
    redacted = redacted.replace(/\b(sk|pk)_[\w-]{8,}/g, "$1_[redacted]");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is taken out.
    redacted = redacted.replace(/[\u0000-\u001f\u007f-\u009f]+/g, " ");
    return redacted.length > MAX_TEXT_LENGTH ? `${redacted.slice(0, MAX_TEXT_LENGTH)}…` : redacted;
  };
}
