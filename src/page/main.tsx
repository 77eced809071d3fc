import { render } from "preact";
import { App } from "./app.js";
import { Report } from "./report/report.js";

const container = document.getElementById("page");
// The page of a report has the same script, and its data inside.
const report = document.getElementById("report")?.textContent;
if (container !== null) render(report ? <Report data={JSON.parse(report)} /> : <App />, container);
