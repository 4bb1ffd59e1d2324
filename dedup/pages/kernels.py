"""Compiled loops over the lines of pages."""

import numpy as np
from numba import njit


@njit(nogil=True, cache=True)
def count_lines(data, offsets, counts):
    """How many lines each text has; an empty one has one, what follows the last line end is one if not empty."""
    for d in range(len(counts)):
        count = 0
        last = offsets[d]
        for i in range(offsets[d], offsets[d + 1]):
            if data[i] == 10:
                count += 1
                last = i + 1
        if last < offsets[d + 1] or count == 0:
            count += 1
        counts[d] = count


@njit(nogil=True, cache=True)
def split_lines(data, offsets, starts, points):
    """First byte of each line, and how many code points of its text stand before it; returns the lines."""
    line = 0
    for d in range(len(offsets) - 1):
        starts[line] = offsets[d]
        points[line] = 0
        line += 1
        count = 0
        end = offsets[d + 1]
        for i in range(offsets[d], end):
            byte = data[i]
            if byte & 0xC0 != 0x80:
                count += 1
            if byte == 10 and i + 1 < end:
                starts[line] = i + 1
                points[line] = count
                line += 1
    return line


@njit(nogil=True, cache=True)
def gather_kept(values, tokens, aside, out):
    """Copy the tokens of lines that are not set aside: how many."""
    at, count = 0, 0
    for line in range(len(tokens)):
        size = np.int64(tokens[line])
        if not aside[line]:
            out[count : count + size] = values[at : at + size]
            count += size
        at += size
    return count
