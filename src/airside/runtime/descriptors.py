"""How many files and sockets a process that serves may have open."""

import contextlib
import resource

MOST = 65_536
"""What hundreds of viewers never need; some programs walk over all that they may have."""
_FOR_THE_REST = 128
"""A pipeline at work has about half as many open."""
_FEWEST_CONNECTIONS = 8
_BESIDE_VIEWERS = 2_048


def raise_limit(most: int = MOST) -> int:
    """Let this process open as many files and sockets as it may, and say how many those are.

    A shell's limit is often 1,024 for the sake of old programs, and the hard one far above. Where
    the system does not let it be raised, it stays as it is.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = most if hard == resource.RLIM_INFINITY else min(hard, most)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        with contextlib.suppress(OSError, ValueError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return most if soft == resource.RLIM_INFINITY else soft


def connections_within(descriptors: int, viewers: int) -> int:
    """How many connections to hold at once, so that the rest of the process never lacks a file.

    Args:
        descriptors: What the process may have open.
        viewers: So many of the connections may be streams.
    """
    fitting = min(descriptors // 2, descriptors - _FOR_THE_REST)
    return max(_FEWEST_CONNECTIONS, min(fitting, viewers + _BESIDE_VIEWERS))
