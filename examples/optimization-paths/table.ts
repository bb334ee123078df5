// The table in the page: which optimizers run, with which rates, and where they are.
import { short } from "./draw.ts";
import { sign } from "./look.ts";
import { type MethodName, methodNames, methods } from "./methods.ts";
import { distanceToMinimum, type Surface, type SurfaceName } from "./objectives.ts";
import type { Entry, Path } from "./paths.ts";

interface Row {
  readonly element: HTMLTableRowElement;
  readonly chosen: HTMLInputElement;
  /** null: a line search finds the length of a step. */
  readonly rate: HTMLInputElement | null;
  /** Steps, value and distance. */
  readonly cells: readonly HTMLTableCellElement[];
}

export class Table {
  readonly #rows: ReadonlyMap<MethodName, Row>;

  /** @param onChange called when a reader chooses other optimizers or rates */
  constructor(body: HTMLElement, onChange: () => void) {
    this.#rows = new Map(methodNames.map((name) => [name, createRow(name)]));
    body.replaceChildren(...[...this.#rows.values()].map(({ element }) => element));
    body.addEventListener("change", onChange);
  }

  /** Rates that suit the surface. */
  setRates(surface: SurfaceName): void {
    for (const [name, { rate }] of this.#rows) {
      if (rate !== null) rate.value = String(methods[name].rates?.[surface]);
    }
  }

  /** What is chosen; a rate that is not valid is marked, and its optimizer left out. */
  entries(): Entry[] {
    const rows = [...this.#rows].filter(([, { chosen, rate }]) => {
      const isValid = rate === null || (rate.value !== "" && rate.checkValidity());
      rate?.setAttribute("aria-invalid", String(!isValid));
      return chosen.checked && isValid;
    });
    return rows.map(([method, { rate }]) => ({ method, lr: rate?.valueAsNumber }));
  }

  show(paths: readonly Path[], surface: Surface): void {
    for (const [name, { element, cells }] of this.#rows) {
      const path = paths.find(({ method }) => method === name);
      const texts = path === undefined ? ["–", "–", "–"] : textsOf(path, surface);
      element.classList.toggle("off", path === undefined);
      cells.forEach((cell, i) => {
        cell.textContent = texts[i];
      });
    }
  }
}

function textsOf({ points, ending }: Path, surface: Surface): string[] {
  const last = points.at(-1);
  const steps = String(Math.max(0, points.length - 1));
  if (ending === "diverged" || last === undefined) return [steps, ending ?? "–", "–"];
  const distance = short(distanceToMinimum(surface, last.at));
  return [ending === null ? steps : `${steps} ✓`, short(last.value), distance];
}

function createRow(name: MethodName): Row {
  const { label, rates } = methods[name];
  const element = document.createElement("tr");
  element.className = `method-${name}`;
  element.innerHTML = `<th scope="row"><label><input type="checkbox" checked>
<svg viewBox="-8 -8 16 16" aria-hidden="true"><polygon class="sign" points="${sign(name, 7)}"/></svg>
<span>${label}</span></label></th><td></td><td class="steps"></td><td></td><td></td>`;
  const [first, ...cells] = element.querySelectorAll("td");
  const rate = rates === null ? null : document.createElement("input");
  if (rate === null) first.textContent = "search";
  else {
    Object.assign(rate, { type: "number", step: "any", min: "0" });
    rate.setAttribute("aria-label", `rate of ${label}`);
    first.append(rate);
  }
  return { element, chosen: element.querySelector("input")!, rate, cells };
}
