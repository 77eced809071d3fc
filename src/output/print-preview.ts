import type { StepPreview } from "../domain/run/step-preview.js";
import type { Output } from "./output.js";
import { printContent } from "./print-messages.js";

export function printPreview(previews: readonly StepPreview[], output: Output): void {
  if (output.verbosity.json) return output.json({ items: previews });
  const { colors: paint } = output;
  previews.forEach(({ ref, channel, channel_type, contents, reason, warnings, tested }, index) => {
    if (index > 0) output.line();
    output.line(`${paint.bold(ref)}  ${tested?.type ?? channel ?? channel_type}`);
    if (tested?.request) printContent(tested.request, output);
    if (reason) output.line(`${paint.red("✗")} ${reason.code}${reason.detail ? `: ${reason.detail}` : ""}`);
    if (tested?.data) printContent({ data: JSON.stringify(tested.data, null, 2) }, output);
    for (const warning of warnings) output.note(`warning: ${ref}: ${warning}`);
    contents.forEach((content, nth) => {
      if (nth > 0) output.line();
      printContent(content, output);
    });
  });
}
