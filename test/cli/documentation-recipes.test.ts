import { describePages } from "../helpers/describe-pages.js";

describePages("the recipes", (page) => page.startsWith("docs/recipes/"));
