import { CaptureTag, type Context } from "liquidjs";
import { chargeResult } from "../filters/charge-memory.js";
import { LimitedEmitter } from "../liquid-limits.js";

/** `{% capture %}`. Its text is limited like the output. */
export class LimitedCaptureTag extends CaptureTag {
  override *render(context: Context): Generator<unknown, void, string> {
    const emitter = new LimitedEmitter();
    yield this.liquid.renderer.renderTemplates(this.templates, context, emitter);
    context.bottom()[this.variable] = chargeResult({ context }, emitter.buffer);
  }
}
