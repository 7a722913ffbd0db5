"""How much memory a device has in use, and whether an error says that there was not enough of it."""

import psutil
import torch


def memory_mb(device: torch.device) -> float:
    """Memory in use in MB: on the device, as its driver counts it for this process; of the process, on a CPU."""
    if device.type == "cuda":
        return torch.cuda.memory_reserved(device) / 2**20
    if device.type == "mps":
        return torch.mps.driver_allocated_memory() / 2**20
    return psutil.Process().memory_info().rss / 2**20


def free_memory(device: torch.device) -> None:
    """Gives cached memory back, so that a smaller call finds it in one piece."""
    if device.type == "cuda":
        torch.cuda.empty_cache()
    elif device.type == "mps":
        torch.mps.empty_cache()


def out_of_memory(error: Exception) -> bool:
    """Whether an error of torch means that memory ran out (on a CPU, and on mps, it has no class of its own)."""
    text = str(error)
    is_other = isinstance(error, RuntimeError) and ("can't allocate memory" in text or "out of memory" in text)
    return isinstance(error, torch.OutOfMemoryError | MemoryError) or is_other
