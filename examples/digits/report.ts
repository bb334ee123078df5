import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";
import type { History } from "./records.ts";

/** One HTML file with charts, style and data inside: it opens anywhere, without a network. */
export async function renderReport(history: History): Promise<string> {
  const [script, look, uplot] = await Promise.all([
    bundleClient(),
    readFile(new URL("look.css", import.meta.url), "utf8"),
    readFile(createRequire(import.meta.url).resolve("uplot/dist/uPlot.min.css"), "utf8"),
  ]);
  const title = `${history.config.dataset}: ${history.network}`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)}</title>
<style>${uplot}
${look}</style>
</head>
<body>
<main>
<h1>${escapeHtml(history.config.dataset)}: <span>${escapeHtml(history.network)}</span></h1>
<p class="device">${escapeHtml(history.device)}</p>
${figures(history)}
<div class="cards">
${chart("loss", "Loss", "Mean cross-entropy, after each epoch.")}
${chart("accuracy", "Accuracy", "Share of examples classified right, after each epoch.")}
${chart("gradients", "Gradient norm of each layer", "Before clipping, on a logarithmic scale.", "wide")}
${configuration(history)}
${epochTable(history)}
</div>
</main>
<script type="application/json" id="history">${JSON.stringify(history).replaceAll("<", "\\u003c")}</script>
<script>${script}</script>
</body>
</html>
`;
}

/** The charts and uPlot from node_modules as one script; esbuild keeps "</script" out of it. */
async function bundleClient(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [fileURLToPath(new URL("reportClient.ts", import.meta.url))],
    bundle: true,
    minify: true,
    write: false,
    format: "iife",
    target: "es2022",
    charset: "utf8",
  });
  return outputFiles.map(({ text }) => text).join("\n");
}

function figures({ epochs, testAccuracy, steps }: History): string {
  const seconds = epochs.reduce((sum, record) => sum + record.seconds, 0);
  const entries = [
    ["test accuracy", testAccuracy.toFixed(3)],
    ["test loss", (epochs.at(-1)?.testLoss ?? Number.NaN).toFixed(3)],
    ["epochs", String(epochs.length)],
    ["steps", String(steps.length)],
    ["training time", `${seconds.toFixed(1)} s`],
  ];
  const items = entries.map(([name, value]) => `<div><dt>${name}</dt><dd>${value}</dd></div>`);
  return `<dl class="figures">${items.join("")}</dl>`;
}

function chart(id: string, title: string, note: string, kind = ""): string {
  return `<section class="card ${kind}"><h2>${title}</h2><p>${note}</p><div id="${id}"></div></section>`;
}

function configuration({ config, network, examples, device }: History): string {
  const pairs = Object.entries({ network, ...config, ...prefixed(examples), device });
  const items = pairs.map(([name, value]) => {
    return `<div><dt>${escapeHtml(name)}</dt><dd>${escapeHtml(String(value))}</dd></div>`;
  });
  return `<section class="card wide"><h2>Configuration</h2>
<dl class="pairs">${items.join("")}</dl></section>`;
}

function prefixed({ train, test }: History["examples"]) {
  return { "training examples": train, "test examples": test };
}

function epochTable({ epochs, layers }: History): string {
  const names = ["epoch", "loss", "test loss", "accuracy", "test accuracy"];
  const head = [...names, ...layers.map((layer) => `|g| ${layer}`)];
  const body = epochs.map((record) => {
    const { epoch, trainLoss, testLoss, trainAccuracy, testAccuracy, gradients } = record;
    const norms = gradients.layers.map((norm) => norm.toPrecision(3));
    const losses = [trainLoss, testLoss, trainAccuracy, testAccuracy].map((v) => v.toFixed(4));
    return `<tr>${[epoch, ...losses, ...norms].map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const cells = head.map((name) => `<th scope="col">${escapeHtml(name)}</th>`);
  return `<details class="card wide"><summary>Every epoch in numbers</summary><div class="scroll">
<table class="numbers"><thead><tr>${cells.join("")}</tr></thead>
<tbody>${body.join("\n")}</tbody></table></div></details>`;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (c) => `&#${c.charCodeAt(0)};`);
}
