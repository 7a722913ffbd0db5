"""Loads models from a folder or from the hub's cache: device, precision, memory before and after.

Promises: nothing is downloaded, no code that comes with a model is run, and weights are read from `safetensors`
files only (the older formats can hold programs). What cannot be loaded is a ModelUnavailable that says what to do.
"""

import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path

import torch
from huggingface_hub import snapshot_download
from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError
from safetensors import SafetensorError

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.model_worker.backends.api import Backend, LoadedModel, OutOfMemoryError
from lean_sidekick.model_worker.backends.memory import memory_mb, out_of_memory
from lean_sidekick.model_worker.files import MODEL_FILES
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec, Precision

_PAGE_BYTES = 4096
_DTYPES = {Precision.FP32: torch.float32, Precision.BF16: torch.bfloat16, Precision.FP16: torch.float16}


def load_backend(model: ModelSpec) -> Backend:
    """The model, ready to answer. Raises ModelUnavailable and OutOfMemoryError."""
    folder = find_folder(model)
    device = pick_device(model.device)
    if device.type == "cpu" and "OMP_NUM_THREADS" not in os.environ:
        # Threads of one computation wait for each other: on a core that Lean uses too, one holds all of them up.
        torch.set_num_threads(max(1, (os.cpu_count() or 1) - 1))
    before, started = memory_mb(device), time.perf_counter()

    def loaded(network: torch.nn.Module, precision: str) -> LoadedModel:
        if device.type == "cpu":
            _read_in(network)
        return LoadedModel(
            device=_name(device),
            precision=precision,
            parameters=sum(parameter.numel() for parameter in network.parameters()),
            memory_before_mb=before,
            memory_after_mb=memory_mb(device),
            seconds=time.perf_counter() - started,
        )

    try:
        return _load(model, folder, device, loaded)
    except (OSError, ValueError, KeyError, ImportError, RuntimeError, SafetensorError) as error:
        if out_of_memory(error):
            raise OutOfMemoryError from error
        raise ModelUnavailable(f"The model in {folder} cannot be loaded: {_first_sentence(error)}") from error


def _load(model: ModelSpec, folder: Path, device: torch.device, loaded: "Loaded") -> Backend:
    match model.kind:
        case ModelKind.SEQ2SEQ:
            from lean_sidekick.model_worker.backends.seq2seq import Seq2SeqBackend

            return Seq2SeqBackend.load(model, folder, device, loaded)
        case ModelKind.CAUSAL:
            from lean_sidekick.model_worker.backends.causal import CausalBackend

            return CausalBackend.load(model, folder, device, loaded)
        case ModelKind.ENCODER:
            from lean_sidekick.model_worker.backends.encoder import load_encoder

            return load_encoder(model, folder, device, loaded)
        case ModelKind.RERANKER:
            from lean_sidekick.model_worker.backends.reranker import RerankerBackend

            return RerankerBackend.load(model, folder, device, loaded)


Loaded = Callable[[torch.nn.Module, str], LoadedModel]
"""Ends the measuring of a load: the model (whose weights are counted packed where they have four bits), and how its
weights are held."""


def find_folder(model: ModelSpec) -> Path:
    """Where the model's files are. Raises ModelUnavailable."""
    folder = Path(model.source).expanduser()
    if not folder.is_dir():
        try:
            found = snapshot_download(
                model.source, revision=model.revision, local_files_only=True, allow_patterns=list(MODEL_FILES)
            )
            folder = Path(str(found))
        except (LocalEntryNotFoundError, HFValidationError, HfHubHTTPError, OSError):
            raise ModelUnavailable(
                f"The model {model.source} is not on this machine: get it with `lean-sidekick models get`, or name a "
                "folder that holds it."
            ) from None
    if not any(folder.rglob("*.safetensors")):
        raise ModelUnavailable(f"{folder} holds no `.safetensors` file, and no other weights are read.")
    return folder


def pick_device(wanted: Device) -> torch.device:
    """The device to use. Raises ModelUnavailable if the one that was asked for is not there."""
    has = {Device.CUDA: torch.cuda.is_available(), Device.MPS: torch.backends.mps.is_available(), Device.CPU: True}
    if wanted is Device.AUTO:
        wanted = next(device for device in has if has[device])
    if not has[wanted]:
        raise ModelUnavailable(f"There is no {wanted.value} device here that torch can use: choose auto or cpu.")
    return torch.device(wanted.value)


def pick_precision(model: ModelSpec, device: torch.device) -> tuple[torch.dtype, str]:
    """The type to compute in, and the name of how weights are held.

    T5 overflows in fp16, so that AUTO gives encoder-decoders and encoders bf16 or fp32 alone.
    """
    if model.precision in _DTYPES:
        return _DTYPES[model.precision], model.precision.value
    if device.type == "cuda" and torch.cuda.is_bf16_supported():
        half = torch.bfloat16
    elif device.type in ("cuda", "mps") and model.kind is ModelKind.CAUSAL:
        half = torch.float16
    else:
        half = torch.float32
    if model.precision is Precision.AUTO:
        return half, {torch.bfloat16: "bf16", torch.float16: "fp16", torch.float32: "fp32"}[half]
    return half, model.precision.value


def weight_options(model: ModelSpec, device: torch.device) -> dict[str, object]:
    """What `from_pretrained` is told, whatever the architecture. Raises ModelUnavailable for a missing quantiser."""
    dtype, _ = pick_precision(model, device)
    options: dict[str, object] = {
        "dtype": dtype,
        "local_files_only": True,
        "use_safetensors": True,
        "trust_remote_code": False,
    }
    if model.precision in (Precision.INT8, Precision.INT4):
        # transformers only says that something is missing, not what to do.
        if find_spec("bitsandbytes") is None:
            raise ModelUnavailable(
                f"Weights in {model.precision.value} need bitsandbytes (pip install bitsandbytes), or choose another "
                "precision."
            )
        from transformers import BitsAndBytesConfig

        is_int8 = model.precision is Precision.INT8
        options["quantization_config"] = BitsAndBytesConfig(
            load_in_8bit=is_int8, load_in_4bit=not is_int8, bnb_4bit_compute_dtype=dtype
        )
        options["device_map"] = {"": device.type}
    elif device.type != "cpu":
        options["device_map"] = {"": device.type}
    return options


def _read_in(network: torch.nn.Module) -> None:
    """Reads every page of the weights, which are views of a file until then.

    Else the first request would wait for the disk, and the memory that is reported would leave the weights out.
    """
    for parameter in network.parameters():
        flat = parameter.detach().reshape(-1)
        flat[:: _PAGE_BYTES // flat.element_size()].sum()


def _name(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else device.type


def _first_sentence(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text[:300].rstrip(".") + "."
