import { scaleLinear } from "d3-scale";
import { LEVELS } from "./contours.ts";
import { type MethodName, methodNames } from "./methods.ts";

interface Theme {
  readonly ground: string;
  readonly ink: string;
  readonly muted: string;
  readonly line: string;
  /** Of the lowest and the highest band. */
  readonly bands: readonly [string, string];
  readonly methods: readonly string[];
}

/** After Okabe and Ito's palette, so that no common colour blindness joins two; darker on white. */
const light: Theme = {
  ground: "#ffffff",
  ink: "#1a1f26",
  muted: "#596372",
  line: "#8d99a8",
  bands: ["#b9c9da", "#fbfcfd"],
  methods: "#14181d #004f9e #00805c #c44e00 #b0387f #6d6000 #7a4fd0 #2a9fdc".split(" "),
};

const dark: Theme = {
  ground: "#181d23",
  ink: "#e7eaee",
  muted: "#9ca7b4",
  line: "#5d6b7b",
  bands: ["#3a4c60", "#191e25"],
  methods: "#ffffff #4f94ff #45c9a0 #ff8b4a #f09bd0 #e6d94a #b7a0ff #86e1fb".split(" "),
};

interface Shape {
  readonly corners: number;
  /** How deep the notches between the corners are: 1 is a circle, 0 a star of lines. */
  readonly notch: number;
  readonly turned?: boolean;
}

/** Shapes differ where colours may not. */
const shapes: Readonly<Record<MethodName, Shape>> = {
  sgd: { corners: 16, notch: 1 },
  momentum: { corners: 4, notch: 0.71 },
  nesterov: { corners: 3, notch: 0.5 },
  rmsprop: { corners: 5, notch: 0.45 },
  adam: { corners: 4, notch: 0.4 },
  lion: { corners: 4, notch: 0.71, turned: true },
  cg: { corners: 3, notch: 0.5, turned: true },
  lbfgs: { corners: 8, notch: 0.6 },
};

/** The sign of a method, around (0, 0), as the points of an SVG polygon. */
export function sign(method: MethodName, radius: number): string {
  const { corners, notch, turned = false } = shapes[method];
  const points = Array.from({ length: 2 * corners }, (_, i) => {
    const angle = (Math.PI * (i + Number(turned))) / corners;
    const r = i % 2 === 0 ? radius : radius * notch;
    return `${(r * Math.sin(angle)).toFixed(1)},${(-r * Math.cos(angle)).toFixed(1)}`;
  });
  return points.join(" ");
}

/** Plain rules without variables, which every program that shows SVG understands. */
export const style = `${rulesOf(light)}
.surface { font: 13px system-ui, sans-serif; }
.surface .title { font-size: 17px; font-weight: 600; }
.surface .end { text-anchor: end; }
.surface .middle { text-anchor: middle; }
.surface .band { stroke-width: 0.5; }
.surface .frame, .surface polyline, .surface .arrow { fill: none; }
.surface polyline { stroke-width: 1.5; stroke-linejoin: round; }
.surface .dots { stroke-width: 4; stroke-linecap: round; }
.surface .arrow { stroke-width: 2.5; }
.surface .case { stroke-width: 3; stroke-opacity: 0.6; }
.surface .minimum { stroke-width: 1.5; fill: none; }
@media (prefers-color-scheme: dark) {
${rulesOf(dark)}
}`;

function rulesOf({ ground, ink, muted, line, bands, methods }: Theme): string {
  const color = scaleLinear<string>([0, LEVELS], bands);
  const steps = Array.from({ length: LEVELS + 1 }, (_, i) => {
    return `.surface .band-${i} { fill: ${color(i)}; }`;
  });
  const lines = methodNames.map((name, i) => {
    const [stroke, fill] = [`stroke: ${methods[i]}`, `fill: ${methods[i]}`];
    return `.method-${name} :is(polyline, .dots) { ${stroke}; } .method-${name} .sign { ${fill}; }`;
  });
  return `.surface .ground { fill: ${ground}; }
.surface text { fill: ${ink}; }
.surface .muted { fill: ${muted}; }
.surface .band { stroke: ${line}; }
.surface .frame, .surface .tick { stroke: ${muted}; }
.surface :is(.minimum, .arrow) { stroke: ${ink}; }
.surface .case, .surface .sign, .surface .start { stroke: ${ground}; }
.surface .start { fill: ${ink}; }
${[...steps, ...lines].join("\n")}`;
}
