import { render } from "preact";
import { Report } from "./report.js";

const container = document.getElementById("page");
const data = document.getElementById("report")?.textContent;
if (container !== null && data) render(<Report data={JSON.parse(data)} />, container);
