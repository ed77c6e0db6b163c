"""Says what of a day's samples did not fit, though all of them could be read."""

from collections.abc import Iterator

from ingest.usage.reduction import DayReduction


def odd(reduction: DayReduction) -> Iterator[str]:
    """Yield a sentence for each thing that somebody should look at."""
    served, found = reduction.unattributed_tokens, reduction.findings
    if served.tokens_in or served.tokens_out or served.requests:
        yield (
            f"{served.tokens_in:,} tokens in, {served.tokens_out:,} out and {served.requests:,} "
            "requests are of pods that held no GPU in that hour; they are not counted"
        )
    if found.unidentified:
        yield (
            f"{found.unidentified:,} kinds of series tell no GPU; set the label gpu_uuid in labels"
        )
    if found.oversubscribed:
        yield (
            f"{found.oversubscribed:,} times the shares of a GPU's holders were more than the "
            "GPU; they were scaled down"
        )
    if found.overfull:
        yield f"{found.overfull:,} times the slices of a GPU were more than the GPU within an hour"
    if found.unpublished_profiles:
        names = ", ".join(found.unpublished_profiles)
        yield f"MIG profiles that are in no table were read from their name: {names}"
