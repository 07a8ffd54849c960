"""The processes of one run: one alone, or several started by torchrun, one per device."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import torch
from torch import distributed

__all__ = ["Processes", "joined_processes"]


@dataclass(frozen=True)
class Processes:
    """This process among all: its number from 0, how many there are, and the device it uses."""

    rank: int
    world: int
    device: torch.device

    @property
    def is_first(self) -> bool:
        """True for the one that writes, evaluates and shows progress."""
        return self.rank == 0

    def wait(self) -> None:
        """Until all processes are here."""
        if self.world > 1:
            distributed.barrier()

    def agreed(self, value: float) -> float:
        """The first process's value, in all processes."""
        if self.world == 1:
            return value
        tensor = torch.tensor([value], dtype=torch.float64, device=self.device)
        distributed.broadcast(tensor, 0)
        return float(tensor[0])


@contextmanager
def joined_processes(device: torch.device) -> Iterator[Processes]:
    """Join the run that torchrun's environment describes, over NCCL on GPUs and gloo on CPUs."""
    world = int(os.environ.get("WORLD_SIZE", "1"))
    if world == 1:
        yield Processes(0, 1, device)
        return
    if device.type == "cuda":
        device = torch.device("cuda", int(os.environ["LOCAL_RANK"]))
        torch.cuda.set_device(device)
    distributed.init_process_group("nccl" if device.type == "cuda" else "gloo")
    try:
        yield Processes(distributed.get_rank(), world, device)
    finally:
        distributed.destroy_process_group()
