"""Starting a script in several processes, as users do."""

from __future__ import annotations


def torchrun(processes: int) -> list[str]:
    """What stands between ``python`` and a script. torchrun takes a free port itself: one that is looked for
    beforehand may be taken when it is needed.
    """
    if processes == 1:
        return []
    return ["-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
