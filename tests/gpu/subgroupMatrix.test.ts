import { init, tensor } from "tapegrad";
import { expect, it, vi } from "vitest";

it("an adapter without subgroup matrices says so, and computes as without the option", async () => {
  const warn = vi.spyOn(console, "warn").mockImplementation(() => {});
  try {
    const device = await init({ device: "webgpu", adapter: "software", subgroupMatrix: true });
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]![0]).toMatch(/^init: subgroupMatrix: the adapter offers no products/);
    const x = tensor([1, 2, 3, 4], { shape: [2, 2], device });
    expect([...(await x.matmul(x).data())]).toEqual([7, 10, 15, 22]);
    device.destroy();
  } finally {
    warn.mockRestore();
  }
});
