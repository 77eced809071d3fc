import { describePages } from "../helpers/describe-pages.js";

describePages("the guide", (page) => page.startsWith("docs/guide/"));
