"""Writes the golden files beside it with NumPy: python3 make.py."""

import pathlib

import numpy as np
from numpy.lib import format as npy

here = pathlib.Path(__file__).parent
grid = np.arange(24).reshape(2, 3, 4)

arrays = {
    "f4": np.array([[1.5, -2, np.inf], [-0.0, 1e-45, 3.4e38]], "<f4"),
    "f8": np.array([0.1, -1e-300, 3.4e38], "<f8"),
    "f2": np.array([1.5, -65504, 6e-8, np.nan], "<f2"),
    "i8": np.array([-(2**31), 2**31 - 1, 0], "<i8"),
    "i4": np.array([[-5], [7]], "<i4"),
    "i2": np.array([-32768, 32767], "<i2"),
    "i1": np.array([-128, 127], "|i1"),
    "u8": np.array([2**32 - 1], "<u8"),
    "u4": np.array([2**32 - 1, 0], "<u4"),
    "u2": np.array([65535], "<u2"),
    "u1": np.array([0, 255], "|u1"),
    "bool": np.array([True, False, True]),
    "scalar": np.array(0.25, "<f4"),
    "empty": np.zeros((0, 3), "<f4"),
    "fortran": np.asfortranarray(grid.astype("<f4")),
    # These are refused.
    "tooLarge": np.array([1, 2**31], "<i8"),
    "tooWide": np.array([1, 2, 1e300], "<f8"),
    "bigEndian": np.array([1, 2], ">f4"),
    "complex": np.array([1j], "<c8"),
    "text": np.array(["ab"]),
    "structured": np.array([(1, 2)], [("x", "<f4"), ("y", "<i4")]),
    "object": np.array([{}], object),
}

for name, array in arrays.items():
    np.save(here / f"{name}.npy", array, allow_pickle=True)
for version in (2, 3):
    with open(here / f"version{version}.npy", "wb") as file:
        npy.write_array(file, grid.astype("<i4"), version=(version, 0))
