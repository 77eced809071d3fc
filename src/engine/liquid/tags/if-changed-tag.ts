import {
  type Context,
  type Emitter,
  type Liquid,
  type Parser,
  Tag,
  type TagToken,
  type Template,
  type TopLevelToken,
} from "liquidjs";
import { LimitedEmitter } from "../liquid-limits.js";

/** `{% ifchanged %}`: prints its text if the text differs from the last one that such a tag printed in the rendering. */
export class IfChangedTag extends Tag {
  private readonly templates: Template[] = [];

  constructor(token: TagToken, remaining: TopLevelToken[], liquid: Liquid, parser: Parser) {
    super(token, remaining, liquid);
    for (let next = remaining.shift(); next !== undefined; next = remaining.shift()) {
      if ((next as TagToken).name === "endifchanged") return;
      this.templates.push(parser.parseToken(next, remaining));
    }
    throw new Error(`tag ${token.getText()} not closed`);
  }

  override *render(context: Context, emitter: Emitter): Generator<unknown, void, unknown> {
    const limited = new LimitedEmitter();
    yield this.liquid.renderer.renderTemplates(this.templates, context, limited);
    const text = limited.buffer;
    if (context.getRegister("ifchanged") === text) return;
    context.setRegister("ifchanged", text);
    emitter.write(text);
  }

  *children(): Generator<unknown, Template[]> {
    yield* [];
    return this.templates;
  }
}
