import { render } from "preact";
import { Report } from "./report.js";
import type { ReportData } from "./report-data.js";

const container = document.getElementById("page");
const data = document.getElementById("report")?.textContent;
if (container !== null && data) render(<Report data={JSON.parse(data) as ReportData} />, container);
