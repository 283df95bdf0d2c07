"""Context bands: the list of sizes by which the input of a request is classed.

Sizes are only ever added.
"""

from bisect import bisect_left

# Every long-context price threshold of the price book, and the context windows that decide whether
# a request fits a model.
SIZES = (
    2**15,
    100_000,
    128_000,
    2**17,
    199_999,
    200_000,
    256_000,
    2**18,
    272_000,
    400_000,
    512_000,
    1_000_000,
    1_047_576,
    2**20,
    1_050_000,
)


def band_of(input_tokens: int) -> int:
    """The largest size of the list that is smaller than `input_tokens`; 0 if none is."""
    index = bisect_left(SIZES, input_tokens)
    return SIZES[index - 1] if index else 0
