"""Kernels of the families: aligned pairs → what stands where they differ."""

import numpy as np
from numba import njit

ROLL = np.uint64(0xD1342543DE82EF95)
# What a place is: figures against figures; something against a mask, or figures against nothing; more tokens than a
# value has against none, or hardly any; a few against none; anything else.
VALUE, HIDDEN, BLOCK, ADDED, OTHER = range(5)


@njit(nogil=True, cache=True)
def stretch_key(codes, start, end):
    """A hash, not 0, of some tokens in a row; of none too."""
    h = np.uint64(end - start + 1)
    for x in range(start, end):
        h = (h ^ np.uint64(codes[x])) * ROLL
        h ^= h >> np.uint64(29)
    return h | np.uint64(1)


@njit(nogil=True, cache=True)
def is_figure(code, number_tag, numerals):
    """Whether a code is a number, or one of the Han `numerals`, an array."""
    if code >= number_tag:
        return True
    return (numerals == code).any()


@njit(nogil=True, cache=True)
def survey(codes, start, end, number_tag, mask, numerals):
    """A hash of what is left of some tokens without figures; how many figures there are; whether there is a mask."""
    h = np.uint64(1)
    figures = 0
    masked = False
    for x in range(start, end):
        if is_figure(codes[x], number_tag, numerals):
            figures += 1
        else:
            masked |= codes[x] == mask
            h = (h ^ np.uint64(codes[x])) * ROLL
            h ^= h >> np.uint64(29)
    return h, figures, masked


@njit(nogil=True, cache=True)
def place_kind(values, i, end_i, j, end_j, longest, number_tag, mask, numerals):
    """What a place is: one of the constants above."""
    wording_a, figures_a, masked_a = survey(values, i, end_i, number_tag, mask, numerals)
    wording_b, figures_b, masked_b = survey(values, j, end_j, number_tag, mask, numerals)
    if masked_a or masked_b:
        return HIDDEN
    if min(end_i - i, end_j - j) <= 2 and max(end_i - i, end_j - j) > longest:
        return BLOCK
    if wording_a == wording_b:
        return VALUE if figures_a > 0 and figures_b > 0 else HIDDEN
    if i == end_i or j == end_j:
        return ADDED
    return OTHER


@njit(nogil=True, cache=True)
def note_places(values, offsets, centre, other, blocks, ends, longest, short, number_tag, mask, numerals, places, keys):
    """The differing places of pairs (``centre[x]``, ``other[x]``): how many were noted.

    Blocks of pair x are rows up to ``ends[x]`` of `blocks` [q, 3]. Of each place, but for those at the ends of texts of
    `short` tokens and more, `places` [q, 6] takes the pair, its first and last column + 1 in the centre (that before
    which something stands only in the other), its tokens, its kind, and where it begins in `values` if the other has as
    many tokens there, else -1; `keys` what the other has there.
    """
    count = 0
    first = 0
    for x in range(ends.shape[0]):
        a = offsets[centre[x]]
        b = offsets[other[x]]
        size = offsets[centre[x] + 1] - a
        stop = offsets[other[x] + 1] - b
        inside = size >= short
        i = np.int64(0)
        j = np.int64(0)
        for y in range(first, ends[x] + 1):
            last = y == ends[x]
            end_i = size if last else blocks[y, 0]
            end_j = stop if last else blocks[y, 1]
            edge = inside and (y == first or last)
            if (end_i > i or end_j > j) and not edge:
                places[count, 0] = x
                places[count, 1] = i
                places[count, 2] = max(end_i, i + 1)
                places[count, 3] = max(end_i - i, end_j - j)
                # In a short text nothing is a block of its own.
                block = longest if inside else max(size, stop)
                places[count, 4] = place_kind(
                    values, a + i, a + end_i, b + j, b + end_j, block, number_tag, mask, numerals
                )
                places[count, 5] = b + j if end_i - i == end_j - j else -1
                keys[count] = stretch_key(values, b + j, b + end_j)
                count += 1
            if not last:
                i = end_i + blocks[y, 2]
                j = end_j + blocks[y, 2]
        first = ends[x]
    return count
